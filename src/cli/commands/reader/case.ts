import { Argument, Option } from 'commander'
import type { Command } from 'commander'
import { caseName } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'
import { registerExport } from './case-export.js'
import { registerNote } from './case-note.js'
import { registerShare } from './case-share.js'
import { partLine, partText } from './part-text.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import { CLOSE_REASONS } from '../../../protocol/case-requests.js'
import { PRIORITIES } from '../../../protocol/priority.js'

interface CaseOptions extends GatewayOptions {
  readonly reason?: string
  readonly to?: string
  readonly with?: string
  readonly transfer?: readonly string[]
  readonly json?: boolean
}

const ACCESS = '--gateway https://gateway.example.org --token-file'

/** Loaded once an answer has arrived: help does not need it. */
const schemas = () =>
  Promise.all([import('../../parse-answer.js'), import('../../../protocol/http/cases.js')])

export const registerCase: Register = (parent, cli) => {
  const group = defineGroup(parent, 'case', 'list, show and change cases')
  registerList(group, cli)
  registerShow(group, cli)
  registerExport(group, cli)
  registerNote(group, cli)
  for (const change of CHANGES) registerChange(group, cli, change)
  registerShare(group, cli)
}

/** The same changes under their short names. */
export const registerRecall: Register = (parent, cli) => registerChange(parent, cli, RECALL)
export const registerReassign: Register = (parent, cli) => registerChange(parent, cli, REASSIGN)
export const registerPriority: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'priority',
    summary: PRIORITY.summary,
    examples: [`nocturne priority K7Q-4MD stat ${ACCESS} facility-a.token`],
  })
    .argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
    .addArgument(new Argument('<priority>', 'the new priority').choices(PRIORITIES))
  addGatewayOptions(command).action((of: string, to: string, options: CaseOptions) =>
    change(cli, of, PRIORITY, { ...options, to }),
  )
}

const registerList: Register = (group, cli) => {
  const list = define(group, {
    usage: 'list',
    summary: 'list the cases you may see, the most urgent or newest first',
    examples: [`nocturne case list ${ACCESS} reader-1.token`],
  })
  addGatewayOptions(list).action(async (options: CaseOptions) => {
    const output = cli.output(options)
    const [{ parseAnswer }, answers] = await schemas()
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(answers.casesAnswer, await client.json({ path: '/v1/cases' })),
    )
    output.json(answer)
    if (answer.cases.length === 0) output.print('no cases')
    else showTable(output, answer.cases)
  })
}

const registerShow: Register = (group, cli) => {
  const show = define(group, {
    usage: 'show',
    summary: 'show one case: state, holder, targets, transfers',
    examples: [`nocturne case show K7Q-4MD ${ACCESS} reader-1.token`],
  }).argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
  addGatewayOptions(show).action(async (name: string, options: CaseOptions) => {
    const output = cli.output(options)
    const [{ parseAnswer }, answers] = await schemas()
    const view = await withGateway(options, cli, output, async (client) =>
      parseAnswer(answers.caseView, await client.json({ path: `/v1/cases/${name}` })),
    )
    output.json(view)
    showOne(output, view)
  })
}

interface Change {
  readonly name: string
  readonly summary: string
  readonly example: string
  readonly option?: Option
  readonly body: (options: CaseOptions) => Readonly<Record<string, unknown>>
}

const CLOSE: Change = {
  name: 'close',
  summary: 'close a case that needs no report from this gateway',
  example: `--reason reported-elsewhere ${ACCESS} reader-1.token`,
  option: new Option('--reason <reason>', 'why').choices(CLOSE_REASONS),
  body: ({ reason }) => ({ reason }),
}
const RECALL: Change = {
  name: 'recall',
  summary: 'recall a case of your facility, so that nobody reads it',
  example: `${ACCESS} facility-a.token`,
  body: () => ({}),
}
const PRIORITY: Change = {
  name: 'priority',
  summary: 'change how soon a case of your facility must be read',
  example: `--to stat ${ACCESS} facility-a.token`,
  option: new Option('--to <priority>', 'the new priority').choices(PRIORITIES),
  body: ({ to }) => ({ priority: to }),
}
const REASSIGN: Change = {
  name: 'reassign',
  summary: 'give a case to a reader of its group',
  example: `--to reader-2 ${ACCESS} officer-1.token`,
  option: new Option('--to <reader>', 'reader to give the case to'),
  body: ({ to }) => ({ to }),
}
const JOIN: Change = {
  name: 'join',
  summary: 'add the transfers of another case of the same patient to this one, and close that one',
  example: `--with M2R-8TX ${ACCESS} reader-1.token`,
  option: new Option('--with <case>', 'the case that joins'),
  body: ({ with: other }) => ({ with: other }),
}
const SPLIT: Change = {
  name: 'split',
  summary: 'make a case of its own of some transfers of a case, for another reader',
  example: `--transfer 01a2009c-9db1-745d-850b-797a6f4cdc7c ${ACCESS} reader-1.token`,
  option: new Option(
    '--transfer <id...>',
    'IDs of the transfers, as `nocturne case show` lists them',
  ),
  body: ({ transfer }) => ({ transfers: transfer }),
}
const CHANGES = [CLOSE, RECALL, PRIORITY, REASSIGN, JOIN, SPLIT]

function registerChange(
  group: Command,
  cli: Cli,
  { name, summary, example, option, body }: Change,
): void {
  const words = group.name() === 'case' ? `case ${name}` : name
  const command = define(group, {
    usage: name,
    summary,
    examples: [`nocturne ${words} K7Q-4MD ${example}`],
  }).argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
  if (option) command.addOption(option.makeOptionMandatory())
  addGatewayOptions(command).action((of: string, options: CaseOptions) =>
    change(cli, of, { name, body }, options),
  )
}

async function change(
  cli: Cli,
  of: string,
  { name, body }: Pick<Change, 'name' | 'body'>,
  options: CaseOptions,
): Promise<void> {
  const output = cli.output(options)
  const [{ parseAnswer }, answers] = await schemas()
  const answer = await withGateway(options, cli, output, async (client) =>
    parseAnswer(answers.caseAnswer, await client.post(`/v1/cases/${of}/${name}`, body(options))),
  )
  output.json(answer)
  output.print(`${answer.case.code} is ${answer.case.state}, ${answer.case.priority}`)
}

function showTable(output: Output, cases: readonly CaseView[]): void {
  output.table(
    [
      'CASE',
      'PRIORITY',
      'STATE',
      'FACILITY',
      'GROUP',
      'MODALITY',
      'PART',
      'WAITING SINCE',
      'DUE',
      'HELD BY',
    ],
    cases.map((one) => [
      one.code,
      one.priority,
      one.state,
      one.facility,
      one.group,
      one.modality ?? '',
      partText(one),
      one.waitingSince ?? '',
      nextDue(one),
      one.claimedBy ?? '',
    ]),
  )
}

const nextDue = ({ targets }: CaseView): string =>
  targets
    .filter(({ metAt }) => metAt === undefined)
    .map(({ dueAt }) => dueAt)
    .sort()[0] ?? ''

function showOne(output: Output, view: CaseView): void {
  const { accepted = 0, quarantined = 0, refused = 0 } = view.outcomes
  output.print(`${view.code}: ${view.state}, ${view.priority}, ${view.facility} to ${view.group}`)
  if (view.claimedBy !== undefined)
    output.print(`  held by ${view.claimedBy} until ${view.claimUntil ?? ''}`)
  if (view.isSealedToYou === false) {
    output.print('  not sealed to you: ask a colleague who can open it to run, for each transfer,')
    output.print('    nocturne rewrap TRANSFER --add YOU')
  }
  if (view.part) output.print(`  part: ${partText(view)}`)
  for (const one of view.parts ?? []) output.print(`  ${partLine(one)}`)
  for (const { level, state, dueAt } of view.critical ?? [])
    output.print(`  critical result within ${level}: ${state}, due ${dueAt}`)
  output.print(`  ${accepted} items, ${quarantined} held, ${refused} refused`)
  for (const { id, joining } of view.transfers) output.print(`  transfer ${id} (${joining})`)
  if (view.priors) {
    const { state, chosen, retrieved } = view.priors
    output.print(`  prior studies: ${state}, ${retrieved} of ${chosen} have arrived`)
  }
  for (const { kind, dueAt, metAt, missedAt } of view.targets) {
    const outcome = missedAt !== undefined ? 'missed' : metAt === undefined ? 'open' : 'met'
    output.print(`  ${kind} by ${dueAt}: ${outcome}`)
  }
}
