import { portNumber } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { CommandError, EXIT } from '../../command-error.js'
import { count, formatBytes, formatFingerprint } from '../../format.js'
import type { Output } from '../../output.js'
import type { EdgeStatus } from '../../edge/edge-status.js'
import type { SetUp, SetUpOptions } from '../../edge/set-up.js'
import {
  collectOldGenerationRarely,
  keepYoungGenerationSmall,
  logWarnings,
  readWordsSoon,
} from '../../site/serving.js'

interface EdgeOptions {
  readonly site: string
  readonly json?: boolean
}

const FOLDER = 'folder of the edge'

/** An edge that has work for a person exits with status 3, one that has to wait with 4. */
export const registerEdge: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'edge',
    'run on a machine of the facility: de-identify and seal there, and forward to the gateway',
  )
  registerRun(group, cli)
  registerInit(group, cli)
  registerStatus(group, cli)
  registerCheck(group, cli)
}

function registerRun(group: Parameters<Register>[0], cli: Cli): void {
  define(group, {
    usage: 'run',
    summary: 'run the edge until SIGINT or SIGTERM; the word run may be left out',
    examples: ['nocturne edge run --site /srv/nocturne-edge'],
    isDefault: true,
  })
    .requiredOption('--site <dir>', FOLDER)
    .option(
      '--port <n>',
      'listen for HTTP on this port instead of the configured one; 0 for any free port',
      portNumber,
    )
    .action(async (options: EdgeOptions & { readonly port?: number }) => {
      const output = cli.output(options)
      cli.endsItself()
      keepYoungGenerationSmall()
      collectOldGenerationRarely()
      logWarnings()
      const [{ serveEdge }, { ownEdge }] = await Promise.all([
        import('../../edge/run-edge.js'),
        import('../../edge/own-settings.js'),
      ])
      await serveEdge(cli, output, await ownEdge(options.site), {
        port: options.port,
        opened: ({ url, prepared }) => {
          const { edge, facility } = prepared.told
          output.print(`listening on ${url}`)
          output.print(
            `${edge.id} seals for ${facility.id} and forwards to ${prepared.told.gateway}`,
          )
          output.json({ url, edge: edge.id, facility: facility.id, gateway: prepared.told.gateway })
          readWordsSoon()
        },
      })
    })
}

function registerInit(group: Parameters<Register>[0], cli: Cli): void {
  define(group, {
    usage: 'init',
    summary: 'make the folder and its key, meet the gateway, and name the next step; repeatable',
    examples: [
      'nocturne edge init --site /srv/nocturne-edge --gateway https://gateway.example.org --token-file edge-1.token',
    ],
  })
    .requiredOption('--site <dir>', FOLDER)
    .requiredOption('--gateway <url>', "the gateway's address, such as https://gateway.example.org")
    .option('--token-file <file>', 'the token that the operator issued for the edge; it is copied')
    .option('--ca-file <file>', "PEM certificates to trust for TLS instead of the system's")
    .option('--ledger-key <key>', 'the ledger key of the gateway, from its operator; compared')
    .action(async (options: SetUpOptions & EdgeOptions) => {
      const output = cli.output(options)
      const { setUp } = await import('../../edge/set-up.js')
      const made = await setUp(options, cli, output)
      output.json(made)
      output.exitCode = tellSetUp(output, made)
    })
}

function tellSetUp(output: Output, made: SetUp): number {
  const { dir, certificate, fingerprint, told, waitsFor, ledgerKey } = made
  output.print(`certificate  ${certificate}`)
  output.print(`fingerprint  ${formatFingerprint(fingerprint)}`)
  if (ledgerKey !== undefined) output.print(`ledger key   ${ledgerKey}`)
  if (told) {
    output.print(`${told.edge} seals for ${told.facility} to ${told.groups.join(', ')}`)
    output.print(`ready: nocturne edge --site ${dir}`)
    return EXIT.done
  }
  output.print(
    waitsFor === 'gateway_unreachable'
      ? 'the gateway does not answer: check the address and the line, then repeat the command'
      : 'send the certificate to the operator, who adds it to people and its ID to edges of your facility, and issues a token; then repeat the command with --token-file',
  )
  return EXIT.later
}

function registerStatus(group: Parameters<Register>[0], cli: Cli): void {
  define(group, {
    usage: 'status',
    summary: 'show what waits for the gateway, what it refuses, and what is held here',
    examples: ['nocturne edge status --site /srv/nocturne-edge'],
  })
    .requiredOption('--site <dir>', FOLDER)
    .action(async (options: EdgeOptions) => {
      const output = cli.output(options)
      const [{ edgeStatus, hintOf }, { ownEdge }] = await Promise.all([
        import('../../edge/edge-status.js'),
        import('../../edge/own-settings.js'),
      ])
      const status = await edgeStatus(await ownEdge(options.site))
      output.json(status)
      printStatus(output, status, hintOf)
      const { problem, refused } = status.line
      output.exitCode =
        refused.length > 0 ? EXIT.partial : problem === undefined ? EXIT.done : EXIT.later
    })
}

function printStatus(
  output: Output,
  { edge, facility, groups, gateway, spool, line, isRunning }: EdgeStatus,
  hintOf: (code: string) => string,
): void {
  const { transfers, bytes, limit, oldestAt, held } = spool
  const share = limit === undefined ? '' : ` of ${formatBytes(limit)}`
  const since = oldestAt === undefined ? '' : `, since ${new Date(oldestAt).toISOString()}`
  const reached =
    line.reachedAt === undefined
      ? 'never reached'
      : `reached ${new Date(line.reachedAt).toISOString()}`
  output.print(`edge      ${edge ?? 'not registered'}, ${isRunning ? 'running' : 'not running'}`)
  if (facility !== undefined) output.print(`facility  ${facility}, to ${groups.join(', ')}`)
  output.print(`gateway   ${gateway}, ${reached}`)
  if (line.problem !== undefined) output.print(`          ${line.problem}: ${hintOf(line.problem)}`)
  output.print(`waiting   ${count(transfers, 'transfer')}, ${formatBytes(bytes)}${share}${since}`)
  for (const { transfer, code } of line.refused)
    output.print(`refused   ${transfer}, ${code}: ${hintOf(code)}`)
  output.print(`held      ${count(held, 'item')}: nocturne quarantine list`)
}

function registerCheck(group: Parameters<Register>[0], cli: Cli): void {
  define(group, {
    usage: 'check',
    summary: 'check the folder, the line, the registration and the doors, and what to correct',
    examples: ['nocturne edge check --site /srv/nocturne-edge'],
  })
    .requiredOption('--site <dir>', FOLDER)
    .action(async (options: EdgeOptions) => {
      const output = cli.output(options)
      const [{ checkEdge }, { ownEdge }] = await Promise.all([
        import('../../edge/edge-check.js'),
        import('../../edge/own-settings.js'),
      ])
      const own = await ownEdge(options.site)
      const { problems, warnings } = await checkEdge(cli, output, own)
      for (const { what, problem, hint } of [...problems, ...warnings]) {
        output.print(`${what}: ${problem}`)
        output.print(`  ${hint}`)
      }
      output.json({ ok: problems.length === 0, dir: own.dir, problems, warnings })
      if (problems.length === 0) output.print(`${own.dir} is ready to run`)
      else
        output.failed(
          new CommandError(`the edge has ${count(problems.length, 'problem')}`, {
            code: 'site_invalid',
            hint: 'correct them as listed, then run nocturne edge check again',
          }),
        )
    })
}
