import { Option } from 'commander'
import { instant } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { AssignedAnswer, WaitingAnswer } from '../../site/waiting.js'
import { PRIORITIES } from '../../../protocol/priority.js'
import type { Priority } from '../../../protocol/priority.js'
import type { IntakeTestOptions, TestedFile } from '../../site/intake-test.js'

export const registerIntake: Register = (parent, cli) => {
  const group = defineGroup(parent, 'intake', 'rules for studies that arrive by DICOM')
  define(group, {
    usage: 'test <file...>',
    summary: 'explain which rule would take each file, and why the earlier ones would not',
    examples: [
      'nocturne intake test --site /srv/nocturne --facility facility-a --ae-title CT_ER scan.dcm',
    ],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option('--facility <id>', 'the facility that sends; needed when the site has several')
    .option('--ae-title <title>', 'calling AE title, for a study that arrives by C-STORE')
    .option('--address <ip>', 'address of the sender')
    .option('--at <time>', 'when it arrives; now by default', instant)
    .action(
      async (
        files: readonly string[],
        options: IntakeTestOptions & { readonly site: string; readonly json?: boolean },
      ) => {
        const output = cli.output(options)
        const [{ openSite }, { testFiles }] = await Promise.all([
          import('../../site/site.js'),
          import('../../site/intake-test.js'),
        ])
        const { config } = await openSite(options.site)
        const tested = await testFiles(config, files, options, Date.now())
        output.json({ files: tested })
        for (const one of tested) for (const line of linesOf(one)) output.print(line)
        if (tested.some((one) => one.group === undefined)) output.exitCode = 3
      },
    )
  registerWaiting(group, cli)
  registerAssign(group, cli)
}

const registerWaiting: Register = (group, cli) => {
  const command = define(group, {
    usage: 'waiting',
    summary: 'show the studies that wait until a person names their group',
    examples: [
      'nocturne intake waiting --gateway https://gateway.example.org --token-file operator-1.token',
    ],
  })
  addGatewayOptions(command).action(
    async (options: GatewayOptions & { readonly json?: boolean }) => {
      const output = cli.output(options)
      const { readWaiting } = await import('../../site/waiting.js')
      const answer = await withGateway(options, cli, output, readWaiting)
      output.json(answer)
      if (answer.studies.length === 0) output.print('nothing waits')
      else output.table(...tableOf(answer))
    },
  )
}

const registerAssign: Register = (group, cli) => {
  const command = define(group, {
    usage: 'assign <transfer>',
    summary: 'name the group that reads a study that waits; for its sender or an operator',
    examples: [
      'nocturne intake assign 019a0b1c-2d3e-7f40-8a5b-6c7d8e9f0a1b --group neuro --gateway https://gateway.example.org --token-file operator-1.token',
    ],
  })
  addGatewayOptions(command)
    .requiredOption('--group <id>', 'the group that is to read it')
    .addOption(
      new Option('--priority <priority>', 'another priority than it has').choices(PRIORITIES),
    )
    .action(
      async (
        transfer: string,
        options: GatewayOptions & {
          readonly group: string
          readonly priority?: Priority
          readonly json?: boolean
        },
      ) => {
        const output = cli.output(options)
        const { assign } = await import('../../site/waiting.js')
        const answer = await withGateway(options, cli, output, (client) =>
          assign(client, transfer, options),
        )
        output.json(answer)
        output.print(textOf(answer))
      },
    )
}

function tableOf({ studies }: WaitingAnswer) {
  const head = ['TRANSFER', 'FACILITY', 'PRIORITY', 'SINCE', 'ITEMS', 'WHY', 'GROUPS']
  const rows = studies.map((one) => [
    ...[one.transfer, one.facility, one.priority, one.since, String(one.items)],
    one.group === undefined ? (WHY[one.reason] ?? one.reason) : `arriving; goes to ${one.group}`,
    one.groups.join(', '),
  ])
  return [head, rows] as const
}

const WHY: Readonly<Record<string, string>> = {
  unmatched: 'no rule names a group',
  hold: 'held by a rule',
  requisition: 'a requisition without its study',
}

const textOf = ({ group, priority, state }: AssignedAnswer): string =>
  state === 'available'
    ? `the study is with ${group}, as ${priority}`
    : state === 'arriving'
      ? `the study goes to ${group}, as ${priority}, as soon as it has arrived`
      : `the study goes to ${group}, but it has no item that can be shown: see nocturne quarantine list`

function linesOf(tested: TestedFile): string[] {
  const { file, isDicom, skipped, rule, group, waits, priority, profile } = tested
  const taken = rule === undefined ? 'no rule' : `rule ${rule}`
  const waiting =
    waits === 'hold'
      ? 'waits for a person: the rule holds it'
      : 'waits for a person: nothing names one of the groups of the facility'
  const named = profile === undefined ? '' : `, profile ${profile}`
  const where = `${group === undefined ? waiting : `group ${group}`}, priority ${priority}${named}`
  return [
    `${file}: ${taken}: ${where}`,
    ...(isDicom ? [] : ['  no DICOM attribute could be read; rules see none']),
    ...skipped.map(
      ({ rule: index, unmet }) => `  rule ${index} does not apply: ${unmet.join('; ')}`,
    ),
  ]
}
