import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'
import type { CaseStatus } from '../../sender/status.js'
import type { WaitingAnswer } from '../../site/waiting.js'
import type { GatewayClient } from '../../client.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import { partLine, partText } from '../reader/part-text.js'

interface StatusOptions extends GatewayOptions {
  readonly receipt?: string
  readonly json?: boolean
}

export const registerStatus: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'status',
    summary: 'show what became of what your facility sent',
    examples: [
      'nocturne status --gateway https://gateway.example.org --token-file facility-a.token',
      'nocturne status K7Q-4MD --receipt K7Q-4MD.json --gateway https://gateway.example.org --token-file facility-a.token',
    ],
  })
  addGatewayOptions(command)
    .argument('[case]', 'case code, case ID, or the ID of a transfer; all when not given', caseName)
    .option('--receipt <file>', 'write the state of the case, and the receipts of its events')
    .action((name: string | undefined, options: StatusOptions) =>
      name === undefined ? showAll(cli, options) : showCase(cli, name, options),
    )
}

async function showAll(cli: Cli, options: StatusOptions): Promise<void> {
  const output = cli.output(options)
  const [{ casesAnswer }, { parseAnswer }] = await Promise.all([
    import('../../../protocol/http/cases.js'),
    import('../../parse-answer.js'),
  ])
  if (options.receipt !== undefined) {
    const { usageError } = await import('../../command-error.js')
    throw usageError('--receipt needs a case', 'name the case that the receipt is for')
  }
  const { readWaitingIfAllowed } = await import('../../site/waiting.js')
  const answer = await withGateway(options, cli, output, async (client) => ({
    ...parseAnswer(casesAnswer, await client.json({ path: '/v1/cases' })),
    waiting: await readWaitingIfAllowed(client),
  }))
  output.json(answer)
  printWaiting(output, answer.waiting)
  if (answer.cases.length === 0) output.print('no cases')
  else
    output.table(
      [
        'CASE',
        'PRIORITY',
        'STATE',
        'GROUP',
        'SENT',
        'ITEMS',
        'HELD',
        'READ BY',
        'REPORT',
        'CRITICAL',
      ],
      answer.cases.map(rowOf),
    )
}

function printWaiting(output: Output, studies: WaitingAnswer['studies']): void {
  for (const { transfer, group, since, items, reason } of studies)
    if (reason !== 'requisition')
      output.print(
        group === undefined
          ? `waits for a group since ${since}: ${transfer}, ${items} items; run nocturne intake assign ${transfer} --group GROUP`
          : `arriving for ${group} since ${since}: ${transfer}, ${items} items`,
      )
}

const rowOf = (one: CaseView): readonly string[] => [
  one.code,
  one.priority,
  one.state,
  one.group,
  one.createdAt ?? '',
  String(one.outcomes.accepted ?? 0),
  String(one.outcomes.quarantined ?? 0),
  one.claimedBy ?? one.reportedBy ?? '',
  one.report ?? '',
  (one.critical ?? []).map(({ level }) => level).join(', '),
]

async function showCase(cli: Cli, name: string, options: StatusOptions): Promise<void> {
  const output = cli.output(options)
  const { readStatus, writeReceipt } = await import('../../sender/status.js')
  const { receipt } = options
  const status = await withGateway(options, cli, output, async (client) => {
    const waiting = await waitingNamed(client, name)
    if (waiting) return { waiting: [waiting] }
    const read = await readStatus(client, name)
    if (receipt !== undefined)
      await writeReceipt({ client, signal: cli.signal, onRetry: warnOf(output) }, read, receipt)
    return read
  })
  output.json(status)
  if (!('case' in status)) {
    printWaiting(output, status.waiting)
    return
  }
  print(output, status)
  if (receipt !== undefined) output.print(`receipt: ${receipt}`)
}

/** A study that waits for its group has no case yet. */
async function waitingNamed(client: GatewayClient, name: string) {
  const { readWaitingIfAllowed } = await import('../../site/waiting.js')
  return (await readWaitingIfAllowed(client)).find(({ transfer }) => transfer === name)
}

const warnOf = (output: Output) => () => output.warn('the connection broke; trying again')

function print(output: Output, { case: view, held, reports, critical }: CaseStatus): void {
  const { accepted = 0, quarantined = 0, refused = 0, missing = 0 } = view.outcomes
  output.print(`${view.code}: ${view.state}, ${view.priority}, to ${view.group}`)
  output.print(
    `  ${accepted} items with the readers, ${quarantined} held, ${refused} refused, ${missing} not sent`,
  )
  if (view.part) output.print(`  part: ${partText(view)}`)
  for (const one of view.parts ?? []) output.print(`  ${partLine(one)}`)
  for (const { item, code } of held) output.print(`  held: item ${item}, ${code}`)
  if (view.claimedBy !== undefined)
    output.print(`  read by ${view.claimedBy} since ${view.claimedAt ?? ''}`)
  else if (view.waitingSince !== undefined && view.report === undefined)
    output.print(`  waiting since ${view.waitingSince}`)
  for (const { status, author, receivedAt, acknowledgedAt } of reports)
    output.print(
      `  ${status} report by ${author}, ${receivedAt}${acknowledgedAt === undefined ? ', not fetched yet' : ''}`,
    )
  for (const { level, state, dueAt, closedFor } of critical)
    output.print(`  critical result within ${level}: ${closedFor ?? `${state}, due ${dueAt}`}`)
  for (const { kind, dueAt, metAt, missedAt } of view.targets) {
    const outcome = missedAt !== undefined ? 'missed' : metAt === undefined ? 'open' : 'met'
    output.print(`  ${kind} by ${dueAt}: ${outcome}`)
  }
}
