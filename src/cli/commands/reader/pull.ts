import { setTimeout as sleep } from 'node:timers/promises'
import { collect, transferId } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { CommandError, EXIT, toErrorJson, usageError } from '../../command-error.js'
import type { GatewayClient } from '../../client.js'
import { shortfallText } from '../../../protocol/outcomes.js'
import type { Shortfall } from '../../../protocol/outcomes.js'
import { addGatewayOptions, connectionOf, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { Output } from '../../output.js'
import { addForwardOptions, forwarderOf } from './pull-forward.js'
import type { ForwardOptions } from './pull-forward.js'
import { addServeOptions, startServing } from './pull-serve.js'
import type { ServeOptions } from './pull-serve.js'
import { patienceOf, round } from './pull-round.js'
import type { Run } from './pull-round.js'
import type { PrivateKey } from '../../../seal/keys/index.js'

interface PullOptions extends GatewayOptions, KeyOptions, ForwardOptions, ServeOptions {
  readonly out: string
  readonly all?: boolean
  readonly watch?: boolean
  readonly gatewayCertificate?: readonly string[]
  readonly json?: boolean
}

export const registerPull: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'pull',
    summary: 'fetch, verify, open and acknowledge one transfer, or all that are waiting for you',
    examples: [
      'nocturne pull --all --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc --out studies',
      'nocturne pull --watch --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc --out studies --forward PACS@127.0.0.1:11112',
    ],
  })
  addServeOptions(addForwardOptions(addKeyOptions(addGatewayOptions(command))))
    .argument('[id]', 'ID of the transfer', transferId)
    .requiredOption('--out <dir>', 'folder that gets one subfolder per transfer')
    .option('--all', 'pull everything in the inbox that no other reader has claimed')
    .option('--watch', 'pull what arrives, as with --all, until stopped')
    .option(
      '--gateway-certificate <file>',
      'trust only manifests signed by this certificate; repeat the option for the previous key',
      collect,
    )
    .action((id: string | undefined, options: PullOptions) => pullAll(id, options, cli))
}

async function pullAll(id: string | undefined, options: PullOptions, cli: Cli): Promise<void> {
  const output = cli.output(options)
  checkModes(id, options)
  const [{ edgesOf, readSigners }, { openTrust }, { readKey }] = await Promise.all([
    import('../../reader/pull-targets.js'),
    import('../../trust/trust.js'),
    import('../../key-options.js'),
  ])
  const forward = await forwarderOf(options, cli, output)
  const key = await readKey(options, output)
  await withGateway(options, cli, output, async (client) => {
    const patiently = patienceOf(cli, output)
    const own = await readSigners(options.gatewayCertificate ?? [])
    const hasOwnSigners = own.length > 0
    const trusting = { ...connectionOf(options), client, output, hasOwnSigners }
    const trust = await patiently(() => openTrust(trusting))
    const gateway = hasOwnSigners
      ? { name: trust.gateway, signers: own }
      : { name: trust.gateway, signers: trust.signers, edgeOf: edgesOf(client, trust) }
    const { signal } = cli
    const { serve: port, out } = options
    const serving = port === undefined ? undefined : await startServing(options, port, output)
    const shelf = serving && { shelf: serving.shelf }
    const parts = { client, signal, key, gateway, ...shelf, out: serving?.out ?? out }
    const run = { parts, trust, patiently, output, forward, serving }
    try {
      if (serving || options.watch === true) await watch(run, options, cli)
      else await pullOnce(run, id, options)
    } finally {
      await serving?.close()
    }
  })
}

function checkModes(id: string | undefined, options: PullOptions): void {
  const { all, watch: watches, serve, forward } = options
  const modes = [id !== undefined, all === true, watches === true, serve !== undefined]
  if (modes.filter(Boolean).length !== 1)
    throw usageError(
      'give the ID of one transfer, --all, --watch or --serve',
      'run nocturne inbox to see what is waiting',
    )
  if (serve !== undefined && forward !== undefined)
    throw usageError(
      '--serve leaves no files that --forward could send',
      'run one pull with --watch and --forward, and another with --serve',
    )
}

async function pullOnce(run: Run, id: string | undefined, options: PullOptions): Promise<void> {
  const { output, parts, forward } = run
  const { targets, reports, shortfalls } = await round(run, id)
  if (targets.length === 0) {
    output.print('nothing is waiting')
    // Probably the start of a shift: a lost or outdated key should be noticed before the first
    // urgent study.
    await tryKey(parts.client, options.gateway, parts.key, output)
  }
  const { pulledTransfers } = await import('../../reader/forward/forward.js')
  const ids = id === undefined && forward ? await pulledTransfers(options.out) : targets
  const forwarded = await forward?.(options.out, ids)
  tellShortfalls(output, shortfalls, targets.length)
  const more = forwarded && { forwarded }
  output.json(
    id === undefined ? { transfers: reports, ...more } : { ...toObject(reports[0]), ...more },
  )
}

const toObject = (value: unknown): object =>
  typeof value === 'object' && value !== null ? value : {}

/** Between two looks at the inbox. */
const PAUSE_MS = 15_000

/**
 * Keeps the folder, or what is served, in step with the inbox until the command is stopped. A
 * failure never ends it: nobody would notice at night.
 */
async function watch(run: Run, { out, keep }: PullOptions, cli: Cli): Promise<void> {
  const { output, forward, serving } = run
  const isStopped = () => cli.signal.aborted
  const total = { pulled: 0, forwarded: 0 }
  const { pulledTransfers } = await import('../../reader/forward/forward.js')
  // Once forwarded, a transfer is complete; what the PACS refused is sent again by the next run.
  const forwarded = new Set<string>()
  while (!isStopped()) {
    try {
      const { reports } = await round(run, undefined)
      total.pulled += reports.filter(isPulled).length
      const ids = forward ? await pulledTransfers(out) : []
      const left = ids.filter((one) => !forwarded.has(one))
      for (const report of (await forward?.(out, left)) ?? []) {
        if ('error' in report) continue
        forwarded.add(report.id)
        total.forwarded += report.stored
      }
    } catch (error) {
      if (isStopped()) break
      output.warn(`${toErrorJson(error).message}; trying again`)
    }
    if (!serving && keep !== undefined) await tidy(run, out, keep)
    await sleep(PAUSE_MS, undefined, { signal: cli.signal }).catch(() => undefined)
  }
  output.json(total)
}

const HOUR_MS = 3_600_000

async function tidy({ parts, output }: Run, out: string, hours: number): Promise<void> {
  const [{ tidyFolder }, { mineOf }] = await Promise.all([
    import('../../reader/opened/folder.js'),
    import('../../reader/opened/mine.js'),
  ])
  const mine = await mineOf(parts.client).catch(() => undefined)
  const age = { keepMs: hours * HOUR_MS, now: Date.now() }
  for (const id of await tidyFolder(out, mine?.mayStay, age))
    output.print(`${id}: its case is closed, or its time is over; removed`)
}

const isPulled = (report: unknown): boolean => !('error' in toObject(report))

/**
 * The check can fail for reasons other than the key; that is only a warning.
 */
async function tryKey(
  client: GatewayClient,
  gateway: string,
  key: PrivateKey,
  output: Output,
): Promise<void> {
  const { checkKey } = await import('../../reader/key-check.js')
  try {
    const { principal } = await checkKey(client, gateway, key)
    output.print(`your key opens what is sealed to ${principal}`)
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'challenge_invalid') throw error
    output.warn(`your key was not checked: ${error.message}`)
  }
}

/** The last line, so that nobody takes a part for the whole. */
function tellShortfalls(output: Output, shortfalls: readonly Shortfall[], transfers: number): void {
  if (shortfalls.length === 0) return
  const sum = (of: keyof Shortfall) =>
    shortfalls.reduce((total, shortfall) => total + shortfall[of], 0)
  const all = { held: sum('held'), refused: sum('refused'), missing: sum('missing') }
  const which =
    transfers === 1 ? '' : ` (${String(shortfalls.length)} of ${String(transfers)} transfers)`
  output.print(`NOT WHOLE${which}: ${shortfallText(all)}; ask the facility before you read`)
  if (output.exitCode === EXIT.done) output.exitCode = EXIT.partial
}
