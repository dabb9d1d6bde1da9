import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { CommandError, EXIT } from '../../command-error.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import { SKIPS_LINKS, sendPaths } from './send-files.js'
import type { SendOptions, SentPaths } from './send-files.js'

interface RerouteOptions extends SendOptions {
  readonly group: string
}

/**
 * Contents are sealed to the readers of one group, so nobody but the facility can give them to
 * another. The files are sent first and the case is withdrawn last: if anything fails in between,
 * both groups have it, and running the command again completes it without a third case.
 */
export const registerReroute: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'reroute',
    summary: 'send the files of a case to another group, then withdraw the case',
    examples: [
      'nocturne reroute K7Q-4MD ct-head/ --group neuro --gateway https://gateway.example.org --token-file facility-a.token',
    ],
  })
  command.argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
  command.argument('<path...>', 'the files and folders that the case was made of')
  addGatewayOptions(command)
    .requiredOption('--group <id>', 'the group that is to read it')
    .option('--skip-links', SKIPS_LINKS)
    .action((of: string, paths: string[], options: RerouteOptions) =>
      reroute(cli, of, paths, options),
    )
}

async function reroute(
  cli: Cli,
  of: string,
  paths: readonly string[],
  options: RerouteOptions,
): Promise<void> {
  const output = cli.output(options)
  const [{ parseAnswer }, { caseAnswer, caseView }] = await Promise.all([
    import('../../parse-answer.js'),
    import('../../../protocol/http/cases.js'),
  ])
  const before = await withGateway(options, cli, output, async (client) =>
    parseAnswer(caseView, await client.json({ path: `/v1/cases/${of}` })),
  )
  const sent = await sendPaths(cli, output, paths, { ...options, priority: before.priority })
  const to = wholeOf(sent, before.outcomes.accepted ?? 0)
  if (to === undefined) {
    output.json({ withdrawn: false, sent: sent.report.answer })
    output.failed(
      new CommandError(`${before.code} was not withdrawn: the other group did not get all of it`, {
        hint: 'see nocturne status and nocturne quarantine list, then run the command again',
        code: 'transfer_empty',
      }),
    )
    output.exitCode = EXIT.partial
    return
  }
  const answer = await withGateway(options, cli, output, async (client) =>
    parseAnswer(caseAnswer, await client.post(`/v1/cases/${of}/reroute`, { to })),
  )
  output.json({ ...answer, withdrawn: true, sent: sent.report.answer })
  output.print(`${answer.case.code} is withdrawn; ${options.group} reads it as transfer ${to}`)
}

/** The transfer that the other group has, if it has no fewer items than the case. */
function wholeOf({ report, leftOut }: SentPaths, accepted: number): string | undefined {
  const { id, items } = report.answer
  const isIn = ({ outcome }: { readonly outcome: string }) =>
    outcome === 'accepted' || outcome === 'duplicate'
  return leftOut.length === 0 && items.every(isIn) && items.length >= accepted ? id : undefined
}
