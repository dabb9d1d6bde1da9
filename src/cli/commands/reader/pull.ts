import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect, transferId } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { CommandError, EXIT, toErrorJson, usageError } from '../../command-error.js'
import type { GatewayClient } from '../../client.js'
import { shortfallText } from '../../../protocol/outcomes.js'
import type { Shortfall } from '../../../protocol/outcomes.js'
import { count, formatBytes } from '../../format.js'
import { addGatewayOptions, connectionOf, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { Output } from '../../output.js'
import { retry } from '../../retry.js'
import type { Pull, PullReport } from '../../reader/pull.js'
import { addForwardOptions, forwarderOf } from './pull-forward.js'
import type { Forwarder, ForwardOptions } from './pull-forward.js'
import type { Trust } from '../../trust/trust.js'
import type { PrivateKey } from '../../../seal/keys/index.js'

interface PullOptions extends GatewayOptions, KeyOptions, ForwardOptions {
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
  addForwardOptions(addKeyOptions(addGatewayOptions(command)))
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
  if ([id !== undefined, options.all, options.watch].filter((one) => one === true).length !== 1) {
    throw usageError(
      'give the ID of one transfer, --all or --watch',
      'run nocturne inbox to see what is waiting',
    )
  }
  const [{ readSigners }, { openTrust }, { readKey }] = await Promise.all([
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
    const gateway = { name: trust.gateway, signers: hasOwnSigners ? own : trust.signers }
    const { signal } = cli
    const run = { parts: { client, signal, key, gateway }, trust, patiently, output, forward }
    if (options.watch === true) await watch(run, options, cli)
    else await pullOnce(run, id, options)
  })
}

interface Run {
  readonly parts: Pick<Pull, 'client' | 'signal' | 'key' | 'gateway'>
  readonly trust: Trust
  readonly patiently: ReturnType<typeof patienceOf>
  readonly output: Output
  readonly forward: Forwarder | undefined
}

async function pullOnce(run: Run, id: string | undefined, options: PullOptions): Promise<void> {
  const { output, parts, forward } = run
  const { targets, reports, shortfalls } = await round(run, id, options)
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
 * Keeps the folder in step with the inbox until the command is stopped. A failure never ends it:
 * nobody would notice at night.
 */
async function watch(run: Run, { out, ...options }: PullOptions, cli: Cli): Promise<void> {
  const { output, forward } = run
  const isStopped = () => cli.signal.aborted
  const total = { pulled: 0, forwarded: 0 }
  const { pulledTransfers } = await import('../../reader/forward/forward.js')
  // Once forwarded, a transfer is complete; what the PACS refused is sent again by the next run.
  const forwarded = new Set<string>()
  while (!isStopped()) {
    try {
      const { reports } = await round(run, undefined, { ...options, out })
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
    await sleep(PAUSE_MS, undefined, { signal: cli.signal }).catch(() => undefined)
  }
  output.json(total)
}

const isPulled = (report: unknown): boolean => !('error' in toObject(report))

/** Pulls one transfer, or everything in the inbox. */
async function round(run: Run, id: string | undefined, { out }: Pick<PullOptions, 'out'>) {
  const { parts, trust, patiently, output } = run
  const { client, signal } = parts
  const [{ listTargets }, { blameClocks }] = await Promise.all([
    import('../../reader/pull-targets.js'),
    import('../../clock.js'),
  ])
  const reports: unknown[] = []
  const shortfalls: Shortfall[] = []
  const targets = await patiently(() => listTargets(client, id))
  for (const target of targets) {
    try {
      // Resumes with what is on the disk, so a restart of the gateway costs nothing else.
      const report = await patiently(() => pullOne(parts, target, out, output))
      await checkReceipts(trust, report)
      reports.push(report)
      show(output, report)
      const { shortfall: signed } = report
      const shortfall =
        signed && (await patiently(() => shortfallNow(client, target, signed, output)))
      if (shortfall) shortfalls.push(shortfall)
    } catch (error) {
      // A failed transfer must not hold up the others; if only one was requested, the command
      // fails.
      if (id !== undefined || signal.aborted) throw error
      if (isTaken(error)) continue
      const told = blameClocks(client.clocks, error)
      output.failed(told, `transfer ${target}`)
      reports.push({ id: target, error: toErrorJson(told) })
    }
  }
  return { targets, reports, shortfalls }
}

/** What is lacking without the items that were released since. */
async function shortfallNow(
  client: GatewayClient,
  target: string,
  signed: Shortfall,
  output: Output,
): Promise<Shortfall | undefined> {
  const { currentShortfall } = await import('../../reader/current-shortfall.js')
  const { shortfall, released } = await currentShortfall(client, target, signed)
  if (released > 0)
    output.print(
      `  ${count(released, 'held item')} released later, in a following transfer of the same case`,
    )
  return shortfall
}

/** Repeats what a gateway that is being restarted cannot answer. */
const patienceOf =
  (cli: Cli, output: Output) =>
  <T>(work: () => Promise<T>): Promise<T> => {
    const onRetry = () => output.warn('the gateway did not answer; retrying')
    return retry({ signal: cli.signal, onRetry }, work)
  }

/** Claims it, unless it is claimed already, and fetches it. */
async function pullOne(
  parts: Pick<Pull, 'client' | 'signal' | 'key' | 'gateway'>,
  id: string,
  out: string,
  output: Output,
): Promise<PullReport> {
  const [{ pull }, { takeClaim }] = await Promise.all([
    import('../../reader/pull.js'),
    import('../../reader/take-claim.js'),
  ])
  const startProgress = (totalBytes: number, totalItems: number) =>
    output.progress({ label: 'fetching', totalBytes, totalItems })
  const onRetry = () => output.warn('the connection was lost; retrying')
  const claim = await takeClaim({ ...parts, onRetry, gateway: parts.gateway.name }, id)
  return pull({ ...parts, ...claim, onRetry, out, startProgress }, id)
}

/** The study is complete by now; what would not be proved is that the log has it. */
async function checkReceipts(trust: Trust, report: PullReport): Promise<void> {
  const { id, folder, isAcknowledged, hasReceipts } = report
  const { readSmallText } = await import('../../secret-file.js')
  if (isAcknowledged)
    await trust.checkReceipt(await readSmallText(join(folder, 'receipt.tlog-proof')), id)
  if (hasReceipts) await trust.checkReceipts(join(folder, 'receipts.ndjson'))
}

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

const isTaken = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'already_claimed'

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

function show(output: Output, report: PullReport): void {
  const { id, folder, items, bytes, kept, isAcknowledged, hasReceipts } = report
  const before = kept > 0 ? `, ${kept} of them already there` : ''
  output.print(`${folder}: ${count(items, 'item')}, ${formatBytes(bytes)}${before}`)
  output.print(
    `  every digest matches the signed manifest; ${isAcknowledged ? '' : 'not '}acknowledged`,
  )
  if (report.hasKeyEnded)
    output.warn(
      `the manifest was signed on ${report.signedAt.slice(0, 10)} with a key that the gateway no longer uses`,
    )
  if (!hasReceipts)
    output.warn(`the receipts of this pull are missing; run nocturne pull ${id} to fetch them`)
}
