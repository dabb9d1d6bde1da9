/**
 * Prometheus metrics: counts and durations by route template, method and status. No label ever
 * comes from a request.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { CriticalCounts } from '../critical/index.js'
import { WAITS } from '../protocol/words.js'
import type { SinkStatus } from '../ledger/sinks/index.js'
import type { EdgeState } from '../transfer/sealed/index.js'
import { edgeMetrics } from './edge-metrics.js'

export interface Metrics {
  readonly registry: Registry
  request(labels: { method: string; route: string; status: number }, seconds: number): void
  item(outcome: string): void
  /** A query for prior studies has ended in this state. */
  prior(state: string): void
  readonly uploads: Gauge
  /** A DICOM association, or a connection before it, was refused. */
  refusal(reason: string): void
  /** Open DICOM associations, and studies that are still arriving. */
  arriving(associations: number, studies: number): void
  /**
   * Days until each certificate expires, by principal in the configuration; `gateway` is its own
   * signing key.
   */
  certificates(days: readonly (readonly [principal: string, days: number])[]): void
  /** How far behind each configured sink is. */
  sinks(all: readonly SinkStatus[]): void
  /** Cases by state, and how many targets were ever missed. */
  cases(states: Readonly<Record<string, number>>, missed: number): void
  /** Critical results that nobody has read back. */
  critical(counts: CriticalCounts): void
  /** Alerts raised since the start, by rule; and the rules whose state holds now. */
  alerts(counts: ReadonlyMap<string, number>, active: ReadonlySet<string>): void
  /** How long a review of the ledger is overdue. */
  reviewOverdue(seconds: number): void
  /** Studies that wait until a person names their group, one entry each. */
  waiting(studies: readonly { readonly reason: string }[]): void
  /** Share of its daily quota that each facility has used. */
  quotas(used: readonly (readonly [facility: string, share: number])[]): void
  /** At an edge: what waits for its gateway. */
  edge(state: EdgeState): void
  /** How long work that was due had to wait for the thread that answers requests. */
  loopDelay(since: LoopDelay): void
}

/** Of the event loop, in seconds. */
export interface LoopDelay {
  readonly p99: number
  readonly max: number
}

/** Names and labels are part of the interface: dashboards and alarms depend on them. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = <L extends string>(name: string, help: string, ...labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  return {
    registry,
    ...requestMetrics(registry),
    ...intakeMetrics(registry, gauge),
    ...oversightMetrics(gauge),
    ...nightMetrics(registry, gauge),
    ...alertMetrics(gauge, registry),
    edge: edgeMetrics(registry),
  }
}

type MakeGauge = <L extends string>(
  name: string,
  help: string,
  ...labelNames: readonly L[]
) => Gauge<L>

function requestMetrics(registry: Registry): Pick<Metrics, 'request' | 'item' | 'prior'> {
  const requests = new Histogram({
    name: 'nocturne_http_request_seconds',
    help: 'Response time in seconds, by route template',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [registry],
  })
  const items = new Counter({
    name: 'nocturne_items_total',
    help: 'Items received, by outcome',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const priors = new Counter({
    name: 'nocturne_priors_total',
    help: 'Queries for prior studies, by the state in which they ended',
    labelNames: ['state'] as const,
    registers: [registry],
  })
  return {
    prior: (state) => priors.inc({ state }),
    request: (labels, seconds) => requests.observe(labels, seconds),
    item: (outcome) => items.inc({ outcome }),
  }
}

function intakeMetrics(
  registry: Registry,
  gauge: MakeGauge,
): Pick<Metrics, 'uploads' | 'arriving' | 'refusal' | 'waiting'> {
  const refused = new Counter({
    name: 'nocturne_associations_refused_total',
    help: 'DICOM associations and connections refused: unknown callers, or too many in all, of a title, from an address, or silent',
    labelNames: ['reason'] as const,
    registers: [registry],
  })
  const associations = gauge('nocturne_associations', 'Open DICOM associations')
  const studies = gauge(
    'nocturne_arriving_studies',
    'Studies that are still arriving instance by instance',
  )
  const waiting = gauge(
    'nocturne_waiting_studies',
    'Studies that wait until a person names their group, by reason',
    'reason',
  )
  return {
    waiting: (studies) => {
      for (const reason of WAITS)
        waiting.set({ reason }, studies.filter((one) => one.reason === reason).length)
    },
    refusal: (reason) => refused.inc({ reason }),
    uploads: gauge('nocturne_uploads', 'Uploads in progress'),
    arriving: (now, open) => {
      associations.set(now)
      studies.set(open)
    },
  }
}

function nightMetrics(registry: Registry, gauge: MakeGauge): Pick<Metrics, 'cases' | 'critical'> {
  const cases = gauge('nocturne_cases', 'Cases by state', 'state')
  const missed = new Counter({
    name: 'nocturne_clock_missed_total',
    help: 'Targets of cases that were missed',
    registers: [registry],
  })
  const open = gauge(
    'nocturne_critical_open',
    'Critical results that nobody has read back, by level',
    'level',
  )
  const overdue = gauge(
    'nocturne_critical_overdue',
    'Critical results that have missed their target and are not read back',
  )
  return {
    cases: (states, total) => {
      for (const [state, count] of Object.entries(states)) cases.set({ state }, count)
      // From the ledger, so that it does not start again with each process.
      missed.reset()
      missed.inc(total)
    },
    critical: (counts) => {
      for (const [level, count] of Object.entries(counts.open)) open.set({ level }, count)
      overdue.set(counts.overdue)
    },
  }
}

function oversightMetrics(
  gauge: MakeGauge,
): Pick<Metrics, 'certificates' | 'sinks' | 'reviewOverdue' | 'loopDelay' | 'quotas'> {
  const quota = gauge(
    'nocturne_quota_used_ratio',
    'Share of limits.dailyBytes that a facility has sent within 24 hours',
    'facility',
  )
  const delay = gauge(
    'nocturne_event_loop_delay_seconds',
    'Event loop delay since the last scrape: 99th percentile, and the longest (quantile 1)',
    'quantile',
  )
  const certificates = gauge(
    'nocturne_certificate_days_left',
    'Days until a certificate or the gateway key expires; those that never expire are omitted',
    'principal',
  )
  const behind = gauge(
    'nocturne_ledger_sink_behind',
    'Ledger entries that a sink has not confirmed',
    'sink',
  )
  const lag = gauge(
    'nocturne_ledger_sink_lag_seconds',
    'Age of the oldest ledger entry that a sink has not confirmed',
    'sink',
  )
  const overdue = gauge(
    'nocturne_ledger_review_overdue_seconds',
    'How long the review of the ledger is overdue; 0 when it is not',
  )
  return {
    certificates: (days) => {
      certificates.reset()
      for (const [principal, left] of days) certificates.set({ principal }, left)
    },
    sinks: (all) => {
      for (const { id: sink, behind: count, lagSeconds } of all) {
        behind.set({ sink }, count)
        lag.set({ sink }, lagSeconds)
      }
    },
    reviewOverdue: (seconds) => overdue.set(seconds),
    quotas: (used) => {
      for (const [facility, share] of used) quota.set({ facility }, share)
    },
    loopDelay: ({ p99, max }) => {
      delay.set({ quantile: '0.99' }, p99)
      delay.set({ quantile: '1' }, max)
    },
  }
}

function alertMetrics(gauge: MakeGauge, registry: Registry): Pick<Metrics, 'alerts'> {
  const raised = new Counter({
    name: 'nocturne_alerts_total',
    help: 'Alerts that this gateway has raised, by rule',
    labelNames: ['rule'] as const,
    registers: [registry],
  })
  const active = gauge('nocturne_alert_active', 'Whether the state of an alert holds now', 'rule')
  return {
    alerts: (counts, now) => {
      raised.reset()
      active.reset()
      for (const [rule, count] of counts) raised.inc({ rule }, count)
      for (const rule of now) active.set({ rule }, 1)
    },
  }
}
