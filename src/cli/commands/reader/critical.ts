import { Option } from 'commander'
import type { Command } from 'commander'
import { caseName } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import { CRITICAL_LEVELS } from '../../../protocol/critical.js'
import type { CriticalLevel } from '../../../protocol/critical.js'
import { printChanged, textOf } from './critical-text.js'
import {
  registerCompare,
  registerPhone,
  registerReadBack,
  registerShow,
} from './critical-answers.js'

const ACCESS = '--gateway https://gateway.example.org --token-file'
const AS_READER = `${ACCESS} reader-1.token --key reader-1.asc`

export const registerCritical: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'critical',
    'findings that a person at the facility must read back',
  )
  registerRaise(group, cli)
  registerList(group, cli)
  registerShow(group, cli)
  registerReadBack(group, cli)
  registerCompare(group, cli)
  registerPhone(group, cli)
}

interface RaiseOptions extends GatewayOptions, KeyOptions {
  readonly level: CriticalLevel
  readonly text: string
  readonly name?: string
  readonly json?: boolean
}

function registerRaise(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'raise',
    summary: 'sign a critical result, seal it to the facility, and have it read back',
    examples: [`nocturne critical raise K7Q-4MD --level minutes --text finding.txt ${AS_READER}`],
  })
  addKeyOptions(addGatewayOptions(command))
    .argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
    .addOption(
      new Option('--level <level>', 'how soon it must be read back')
        .choices(CRITICAL_LEVELS)
        .makeOptionMandatory(),
    )
    .requiredOption('--text <file>', 'file with the finding, in one or two sentences')
    .option('--name <name>', 'your name as it appears under the finding')
    .action(async (name: string, options: RaiseOptions) => {
      const output = cli.output(options)
      const [{ raiseCritical }, { whoAmI }, { readGateway }, { readKey }] = await Promise.all([
        import('../../reader/critical.js'),
        import('../../reader/take-claim.js'),
        import('../../reader/pull-targets.js'),
        import('../../key-options.js'),
      ])
      const text = await textOf(options.text)
      const key = await readKey(options, output)
      const answer = await withGateway(options, cli, output, async (client) => {
        const work = {
          ...{ client, key, signal: cli.signal, reader: await whoAmI(client) },
          gateway: await readGateway(client, []),
          onRetry: () => output.warn('the connection broke; trying again'),
        }
        return raiseCritical(work, name, {
          level: options.level,
          text,
          authorName: options.name,
        })
      })
      printChanged(output, answer)
    })
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list critical results that nobody has read back',
    examples: [`nocturne critical list ${ACCESS} facility-a.token`],
  })
  addGatewayOptions(command)
    .option('--all', 'also those that are closed')
    .action(
      async (options: GatewayOptions & { readonly all?: boolean; readonly json?: boolean }) => {
        const output = cli.output(options)
        const { listCritical } = await import('../../reader/critical.js')
        const critical = await withGateway(options, cli, output, (client) =>
          listCritical(client, options.all !== true),
        )
        output.json({ critical })
        if (critical.length === 0) {
          output.print('no critical results')
          return
        }
        output.table(
          ['CASE', 'LEVEL', 'STATE', 'FACILITY', 'READER', 'RAISED', 'DUE', 'CRITICAL RESULT'],
          critical.map((one) => [
            one.code,
            one.level,
            one.missedAt === undefined ? one.state : `${one.state}, late`,
            one.facility,
            one.author,
            one.raisedAt,
            one.dueAt,
            one.id,
          ]),
        )
      },
    )
}
