/** Liveness, readiness and metrics. */
import { Router } from 'express'
import type { Request } from 'express'
import type { Alerts } from '../../alerts/index.js'
import { asNocturneError } from '../../lib/errors.js'
import { MISMATCHES, surveyRows } from '../../ledger/rows/index.js'
import type { RowGuard } from '../../ledger/rows/index.js'
import { countOf, nextReviewBy } from '../../ledger/reviews/index.js'
import type { Forwarding, SinkStatus } from '../../ledger/sinks/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import type { Witnessing } from '../../ledger/witness/index.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Cases } from '../../cases/index.js'
import type { Critical } from '../../critical/index.js'
import type { SiteConfig } from '../../config/index.js'
import type { Directory } from '../../directory/index.js'
import type { CertificateWarnings, Memberships } from '../../site/index.js'
import type { Roll } from '../../site/enrolment/index.js'
import type { State } from '../../state/index.js'
import type { ObjectStore } from '../../store/index.js'
import { clockProblem } from '../../timekeeping/index.js'
import type { Timekeeping } from '../../timekeeping/index.js'
import type { Transfers } from '../../transfer/index.js'
import type { EdgeState } from '../../transfer/sealed/index.js'
import { alive } from '../bare-app.js'
import type { LoopDelay, Metrics } from '../metrics.js'
import { admit } from '../request.js'

/** The stores are probed at most this often, however often readiness is requested. */
const PROBE_MS = 10_000
/** Twice the interval at which a log without new entries is cosigned again. */
const WITNESSED_SECONDS = 30 * 60

/** A sink normally lags by a second or two; more means that something is wrong. */
const SINK_LAG_SECONDS = 60

/** From this share of a quota on, the operator should know. */
const QUOTA_WARNING = 0.8

const SINK_PROBLEMS: Readonly<Record<NonNullable<SinkStatus['problem']>, string>> = {
  unreachable: 'it does not answer, or no longer answers',
  refused: 'one side does not trust the other; check ca, certificate and key of the sink',
  unconfirmed: 'it does not close connections properly, so it is unknown what it has read',
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<'database' | 'store' | 'ledger' | 'certificates', string>>
  /**
   * The newest checkpoint cosigned by a majority of the witnesses, and its age; null if there is
   * none yet. Absent without witnesses.
   */
  readonly witnessed?: { readonly size: number; readonly ageSeconds: number } | null
  /** Since the last probe, in milliseconds. */
  readonly eventLoop: { readonly p99Ms: number; readonly maxMs: number }
  /** Things that work, but not as well as they should. */
  readonly warnings: readonly string[]
}

/** What names people, keys, rows or sinks, for the operator alone. */
interface Named {
  readonly warnings: readonly string[]
  /** How far behind each configured sink is. Undefined without sinks. */
  readonly sinks: readonly SinkStatus[] | undefined
}

type Probed = Readiness & { readonly named: Named }

/** What readiness and metrics depend on. */
export interface HealthRooms {
  readonly site: { readonly config: SiteConfig }
  readonly state: Pick<State, 'db' | 'ping'>
  readonly transfers: Pick<Transfers, 'usedShares'> & {
    readonly waiting: Pick<Transfers['waiting'], 'all'>
  }
  readonly store: Pick<ObjectStore, 'check'>
  readonly ledger: Pick<Ledger, 'check' | 'checkpoint'>
  readonly guard: Pick<RowGuard, 'sift' | 'mismatches'>
  readonly directory: Pick<Directory, 'recipientsOf'>
  readonly witnessing: Pick<Witnessing, 'witnessed'>
  readonly forwarding: Pick<Forwarding, 'status'>
  readonly cases: Pick<Cases, 'counts'>
  readonly critical: Pick<Critical, 'counts'>
  readonly memberships: Pick<Memberships, 'waiting'>
  readonly roll: Pick<Roll, 'conflicts'>
  readonly timekeeping: Pick<Timekeeping, 'doubt'>
  readonly alerts: Pick<Alerts, 'counts' | 'active'>
  readonly certificateWarnings: Pick<CertificateWarnings, 'all' | 'daysLeft'>
  /** At an edge alone. */
  readonly edgeState?: (() => Promise<EdgeState>) | undefined
  readonly now: () => number
}

/** The two routes that respond whatever happens. */
export function healthRoutes(rooms: HealthRooms, doors: DoorState, mayKnow: MayKnow): Router {
  const router = Router()
  let probe: { at: number; readiness: Promise<Probed> } | undefined

  router.get('/healthz', alive)

  router.get('/readyz', async (request, response) => {
    const now = performance.now()
    if (!probe || now - probe.at > PROBE_MS)
      probe = { at: now, readiness: checkRooms(rooms, doors) }
    const { named, ...open } = await probe.readiness
    const { ready, warnings } = open
    const shown = (await mayKnow(request))
      ? { ...open, sinks: named.sinks, warnings: [...warnings, ...named.warnings] }
      : { ...open, warnings: [...warnings, ...unnamed(named.warnings)] }
    response.status(ready ? 200 : 503).json(shown)
  })

  return router
}

/** Whether the asker operates the gateway, and so may read names. */
export type MayKnow = (request: Request) => Promise<boolean>

export const isOperator =
  ({ gatekeeper }: { readonly gatekeeper: Pick<Gatekeeper, 'admit'> }): MayKnow =>
  async (request) => {
    if (request.headers.authorization === undefined) return false
    const asker = await admit(gatekeeper, request, 'gateway.metrics').catch(() => undefined)
    return asker !== undefined
  }

/** What a stranger reads in place of names of people, keys, rows and sinks. */
const unnamed = ({ length }: readonly string[]): readonly string[] =>
  length === 0 ? [] : [`${String(length)} more: ask with an operator's token`]

/** The state of the doors other than HTTP, and of the thread that serves them all. */
export interface DoorState {
  readonly arrivals: { readonly count: number }
  /** How long the event loop was kept from its work since the last probe or scrape. */
  readonly loop: { probed(): LoopDelay; scraped(): LoopDelay }
  associations(): number
  isDimseAway(): boolean
}

/** @param expectMayKnow - throws unless the asker may read them */
export function metricsRoutes(
  rooms: HealthRooms,
  metrics: Metrics,
  doors: DoorState,
  expectMayKnow: (request: Request) => Promise<unknown>,
): Router {
  const router = Router()

  router.get('/metrics', async (request, response) => {
    await expectMayKnow(request)
    metrics.certificates(await rooms.certificateWarnings.daysLeft())
    metrics.alerts(rooms.alerts.counts(), rooms.alerts.active())
    metrics.sinks(await rooms.forwarding.status())
    metrics.arriving(doors.associations(), doors.arrivals.count)
    metrics.quotas(await usedShares(rooms))
    metrics.waiting(await rooms.transfers.waiting.all())
    metrics.loopDelay(doors.loop.scraped())
    metrics.cases(await rooms.cases.counts(), await countOf(rooms.state.db, 'clock.missed'))
    metrics.critical(await rooms.critical.counts())
    metrics.reviewOverdue(Math.max(0, await overdueMs(rooms)) / 1_000)
    if (rooms.edgeState) metrics.edge(await rooms.edgeState())
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })

  return router
}

async function checkRooms(rooms: HealthRooms, doors: DoorState): Promise<Probed> {
  const [database, store, ledger, certificates] = await Promise.all([
    verdict(rooms.state.ping()),
    verdict(rooms.store.check()),
    verdict(rooms.ledger.check().then(() => rooms.ledger.checkpoint())),
    verdict(
      Promise.all(rooms.site.config.groups.map(({ id }) => rooms.directory.recipientsOf(id))),
    ),
  ])
  const checks = { database, store, ledger, certificates }
  // A group with an expired certificate cannot receive transfers, but the other groups can.
  const ready = [database, store, ledger].every((result) => result === 'ok')
  const warnings = await warningsOf(rooms, certificates)
  if (doors.isDimseAway()) warnings.push('the DIMSE port is not open: check doors.dimse.listen')
  const named = await namedOf(rooms)
  const { p99, max } = doors.loop.probed()
  const eventLoop = { p99Ms: Math.round(p99 * 1_000), maxMs: Math.round(max * 1_000) }
  const seen = { ready, checks, eventLoop, warnings, named }
  if (rooms.site.config.witnesses.length === 0) return seen
  const found = await rooms.witnessing.witnessed().catch(() => undefined)
  const age = found && Math.max(0, Math.floor((rooms.now() - found.at) / 1_000))
  const witnessed = found && age !== undefined ? { size: found.size, ageSeconds: age } : null
  if (age === undefined || age > WITNESSED_SECONDS)
    warnings.push('the ledger has not been witnessed recently: ask the operators of the witnesses')
  return { ...seen, witnessed }
}

async function namedOf(rooms: HealthRooms): Promise<Named> {
  const warnings: string[] = []
  try {
    warnings.push(...(await rooms.certificateWarnings.all()).map(({ text }) => text))
    for (const { principal, group } of rooms.memberships.waiting())
      warnings.push(
        `${principal} waits to join ${group}: an officer or operator runs nocturne member confirm`,
      )
    for (const { problem, hint } of rooms.roll.conflicts()) warnings.push(`${problem}; ${hint}`)
    for (const { table, id, reason } of await surveyRows(rooms.state, rooms.guard))
      warnings.push(`the row ${id} of ${table} is not used: ${MISMATCHES[reason]}`)
    for (const [facility, share] of await usedShares(rooms))
      if (share >= QUOTA_WARNING)
        warnings.push(
          `${facility} has sent ${Math.round(share * 100)} % of what limits.dailyBytes allows within 24 hours`,
        )
    warnings.push(...(await waitingWarnings(rooms)))
    if (rooms.site.config.sinks.length === 0) return { warnings, sinks: undefined }
    const sinks = await rooms.forwarding.status()
    for (const { id, behind, lagSeconds, problem } of sinks) {
      const why = problem === undefined ? '' : `: ${SINK_PROBLEMS[problem]}`
      if (problem !== undefined || lagSeconds > SINK_LAG_SECONDS)
        warnings.push(`the sink ${id} is ${behind} entries and ${lagSeconds} seconds behind${why}`)
    }
    return { warnings, sinks }
  } catch {
    // The database is unavailable, which its own check reports.
    return { warnings, sinks: undefined }
  }
}

async function waitingWarnings({ transfers }: HealthRooms): Promise<readonly string[]> {
  const counts = new Map<string, number>()
  // A requisition normally comes before its study.
  for (const { facility, reason } of await transfers.waiting.all())
    if (reason !== 'requisition') counts.set(facility, (counts.get(facility) ?? 0) + 1)
  return [...counts].map(
    ([facility, count]) =>
      `${count} ${count === 1 ? 'study' : 'studies'} of ${facility} wait until a person names the group: run nocturne intake waiting`,
  )
}

const verdict = (check: Promise<unknown>): Promise<string> =>
  check.then(
    () => 'ok',
    (error: unknown) => asNocturneError(error).code,
  )

async function warningsOf(rooms: HealthRooms, certificates: string): Promise<string[]> {
  const { gateway } = rooms.site.config
  const warnings: string[] = []
  if (certificates !== 'ok') warnings.push('transfers to a group are refused: run nocturne check')
  if (!gateway.tls)
    warnings.push('no TLS: use this gateway only from this machine, or behind a proxy on it')
  try {
    if ((await overdueMs(rooms)) > 0)
      warnings.push(
        'a review of the ledger is overdue: ask an officer to run nocturne audit review',
      )
    if (rooms.edgeState) warnings.push(...edgeWarnings(await rooms.edgeState()))
    const doubt = await rooms.timekeeping.doubt()
    if (doubt) {
      const { problem, hint } = clockProblem(doubt)
      warnings.push(`${problem}: ${hint}`)
    }
    const { overdue } = await rooms.critical.counts()
    if (overdue > 0)
      warnings.push(
        `critical results not read back in time: ${String(overdue)}; call the facility, or run nocturne critical list`,
      )
  } catch {
    // The database is unavailable, which its own check reports.
  }
  return warnings
}

/** From this share of its limit on, a spool may soon refuse studies. */
const SPOOL_WARNING = 0.8

function edgeWarnings({ spool, line }: EdgeState): readonly string[] {
  const { bytes, limit, transfers } = spool
  const warnings: string[] = []
  if (line.problem !== undefined)
    warnings.push(
      `nothing is forwarded to the gateway (${line.problem}); transfers that wait here: ${String(transfers)}`,
    )
  if (line.refused.length > 0)
    warnings.push(
      `the gateway refuses ${String(line.refused.length)} of them: run nocturne edge status`,
    )
  if (limit !== undefined && bytes >= SPOOL_WARNING * limit)
    warnings.push(
      `${String(Math.round((100 * bytes) / limit))} % of spool.limit is taken: studies are refused at 100 %`,
    )
  return warnings
}

async function usedShares({ site, transfers }: HealthRooms) {
  const shares = await transfers.usedShares()
  return site.config.facilities.map(({ id }) => [id, shares.get(id) ?? 0] as const)
}

/** Negative while there is still time. */
async function overdueMs({ state, site, now }: HealthRooms): Promise<number> {
  const nextBy = await nextReviewBy(state.db, site.config.ledger.review.days)
  return nextBy === undefined ? -Infinity : now() - nextBy
}
