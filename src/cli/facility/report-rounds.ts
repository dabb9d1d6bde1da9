/** Reports as they come: one round fetches everything that waits for the facility. */
import type { Cli } from '../command.js'
import { toErrorJson } from '../command-error.js'
import type { GatewayClient } from '../client.js'
import { formatFingerprint } from '../format.js'
import type { Output } from '../output.js'
import type { CrosswalkOptions, crosswalkLines } from '../commands/facility/crosswalk.js'
import type { OpeningWork } from '../reader/seal-back.js'
import type { ReportView } from '../../protocol/http/reports.js'
import { FORMATS } from './report-formats.js'
import type { Format } from './report-formats.js'
import { targetsOf } from './report-targets.js'
import type { TargetOptions } from './report-targets.js'
import type { Delivery, OpenedReport } from './reports.js'

export interface RoundOptions extends CrosswalkOptions, TargetOptions {
  readonly out: string
  readonly format?: readonly Format[]
}

export interface RoundParts {
  readonly cli: Cli
  readonly output: Output
  readonly client: GatewayClient
  readonly crosswalks: Crosswalks
  /** Brings the crosswalks that are not in the folder yet; without it, from the gateway. */
  readonly fetch?: () => Promise<void>
}

/**
 * Critical results that somebody here has to read back: each once, and again when it is overdue.
 *
 * @param told what was said before
 */
export async function tellCritical(
  output: Pick<Output, 'warn'>,
  client: GatewayClient,
  told: Set<string>,
): Promise<void> {
  const [{ listCritical }, { openCriticalText }] = await Promise.all([
    import('../reader/critical.js'),
    import('../commands/reader/critical-text.js'),
  ])
  for (const one of await listCritical(client, true)) {
    const key = [one.id, one.state, one.missedAt !== undefined].join(' ')
    if (!told.has(key)) output.warn(openCriticalText(one))
    told.add(key)
  }
}

interface Done {
  readonly report: string
  readonly code: string
  readonly files?: readonly string[]
  readonly signedBy?: string
  readonly error?: unknown
}

/**
 * Fetches everything that is waiting. A report that fails stays unacknowledged, and the others
 * continue.
 */
export async function reportRound(
  { cli, output, client, crosswalks, fetch }: RoundParts,
  options: RoundOptions,
): Promise<readonly Done[]> {
  const { keys, lines } = crosswalks
  const { waitingReports } = await import('./reports.js')
  const waiting = await waitingReports(client)
  const [first, ...more] = keys
  if (waiting.length === 0 || !first) return []
  const [{ fetchCrosswalks }, { makeFolder }, { readGateway }] = await Promise.all([
    import('./crosswalk.js'),
    import('../local-write.js'),
    import('../reader/pull-targets.js'),
  ])
  const { name: gateway } = await readGateway(client, [])
  const work = {
    ...{ client, gateway, signal: cli.signal },
    keys: [first, ...more] as const,
    onRetry: () => output.warn('the connection broke; trying again'),
  }
  if (fetch) await fetch()
  else await fetchCrosswalks(client, options.crosswalk, undefined, cli.signal)
  await makeFolder(options.out)
  const delivery = {
    out: options.out,
    formats: options.format ?? FORMATS,
    ...(await targetsOf(options)),
  }
  const done: Done[] = []
  for (let at = 0; at < waiting.length; at += AT_ONCE) {
    const some = waiting.slice(at, at + AT_ONCE)
    done.push(...(await deliverSome(output, some, { work, delivery, lines })))
  }
  return done
}

/** Held in memory at a time, 5 MiB each; the crosswalks are read once for all of these. */
const AT_ONCE = 20

async function deliverSome(
  output: Output,
  waiting: readonly Waiting[],
  { work, delivery, lines }: Delivering,
): Promise<readonly Done[]> {
  const [{ openReport, deliverReport }, { readIdentities }] = await Promise.all([
    import('./reports.js'),
    import('./report-identity.js'),
  ])
  const done: Done[] = []
  const failed = ({ id, code }: Waiting, error: unknown) => {
    output.failed(error, code)
    done.push({ report: id, code, error: toErrorJson(error) })
  }
  const opened: OpenedReport[] = []
  for (const one of waiting) {
    work.signal.throwIfAborted()
    await openReport(work, one.id).then(
      (report) => opened.push(report),
      (error: unknown) => failed(one, error),
    )
  }
  if (opened.length === 0) return done
  const studies = new Set(opened.flatMap(({ document }) => document.studies))
  const identities = await readIdentities(lines(), studies).catch((error: unknown) => {
    for (const { view } of opened) failed(view, error)
  })
  if (!identities) return done
  for (const report of opened) {
    work.signal.throwIfAborted()
    const { view, signedBy } = report
    try {
      const files = await deliverReport(work, report, identities, delivery)
      done.push({ report: view.id, code: view.code, files, signedBy })
      output.print(
        `${view.code}: ${view.status} report by ${view.author}, ${formatFingerprint(signedBy)}`,
      )
      for (const file of files) output.print(`  ${file}`)
    } catch (error) {
      failed(view, error)
    }
  }
  return done
}

interface Delivering {
  readonly work: OpeningWork
  readonly delivery: Delivery
  readonly lines: Crosswalks['lines']
}

type Crosswalks = Awaited<ReturnType<typeof crosswalkLines>>
type Waiting = Pick<ReportView, 'id' | 'code'>
