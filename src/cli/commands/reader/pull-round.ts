/** One look at the inbox: claims, fetches, opens and acknowledges what is there. */
import { join } from 'node:path'
import type { Cli } from '../../command.js'
import { toErrorJson } from '../../command-error.js'
import type { GatewayClient } from '../../client.js'
import { count, formatBytes } from '../../format.js'
import type { Output } from '../../output.js'
import { retry } from '../../retry.js'
import type { Shortfall } from '../../../protocol/outcomes.js'
import type { Pull, PullReport } from '../../reader/pull.js'
import type { Trust } from '../../trust/trust.js'
import type { Forwarder } from './pull-forward.js'
import type { Serving } from './pull-serve.js'

export interface Run {
  readonly parts: Pick<Pull, 'client' | 'signal' | 'key' | 'gateway' | 'shelf' | 'out'>
  readonly trust: Trust
  readonly patiently: ReturnType<typeof patienceOf>
  readonly output: Output
  readonly forward: Forwarder | undefined
  readonly serving: Serving | undefined
}

/** Pulls one transfer, or everything in the inbox. */
export async function round(run: Run, id: string | undefined) {
  const { parts, trust, patiently, output, serving } = run
  const { client, signal } = parts
  const [{ listTargets }, { blameClocks }] = await Promise.all([
    import('../../reader/pull-targets.js'),
    import('../../clock.js'),
  ])
  const reports: unknown[] = []
  const shortfalls: Shortfall[] = []
  const waiting = await patiently(() => listTargets(client, id))
  const targets = (await serving?.targets(client, waiting)) ?? waiting
  for (const target of targets) {
    try {
      // Resumes with what is on the disk, so a restart of the gateway costs nothing else.
      const report = await patiently(() => pullOne(parts, target, output))
      await checkReceipts(trust, report)
      serving?.opened(target)
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
export const patienceOf =
  (cli: Cli, output: Output) =>
  <T>(work: () => Promise<T>): Promise<T> => {
    const onRetry = () => output.warn('the gateway did not answer; retrying')
    return retry({ signal: cli.signal, onRetry }, work)
  }

/** Claims it, unless it is claimed already, and fetches it. */
async function pullOne(parts: Run['parts'], id: string, output: Output): Promise<PullReport> {
  const [{ pull }, { takeClaim }] = await Promise.all([
    import('../../reader/pull.js'),
    import('../../reader/take-claim.js'),
  ])
  const startProgress = (totalBytes: number, totalItems: number) =>
    output.progress({ label: 'fetching', totalBytes, totalItems })
  const onRetry = () => output.warn('the connection was lost; retrying')
  const claim = await takeClaim({ ...parts, onRetry, gateway: parts.gateway.name }, id)
  return pull({ ...parts, ...claim, onRetry, startProgress }, id)
}

/** The study is complete by now; what would not be proved is that the log has it. */
async function checkReceipts(trust: Trust, report: PullReport): Promise<void> {
  const { id, folder, isAcknowledged, hasReceipts } = report
  const { readSmallText } = await import('../../secret-file.js')
  if (isAcknowledged)
    await trust.checkReceipt(await readSmallText(join(folder, 'receipt.tlog-proof')), id)
  if (hasReceipts) await trust.checkReceipts(join(folder, 'receipts.ndjson'))
}

const isTaken = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'already_claimed'

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
