/**
 * Prometheus metrics: counts and durations by route template, method and status. No label ever
 * comes from a request.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { SinkStatus } from '../ledger/sinks/index.js'

export interface Metrics {
  readonly registry: Registry
  request(labels: { method: string; route: string; status: number }, seconds: number): void
  item(outcome: string): void
  readonly uploads: Gauge
  /** Open DICOM associations, and studies that are still arriving. */
  arriving(associations: number, studies: number): void
  /**
   * Days until each certificate expires, by principal in the configuration; `gateway` is its own
   * signing key.
   */
  certificates(days: readonly (readonly [principal: string, days: number])[]): void
  /** How far behind each configured sink is. */
  sinks(all: readonly SinkStatus[]): void
  /** How long a review of the ledger is overdue. */
  reviewOverdue(seconds: number): void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'nocturne_http_request_seconds',
    help: 'Time to answer, by route template',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [registry],
  })
  const items = new Counter({
    name: 'nocturne_items_total',
    help: 'Items answered for, by outcome',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const uploads = new Gauge({
    name: 'nocturne_uploads',
    help: 'Uploads under way',
    registers: [registry],
  })
  const associations = new Gauge({
    name: 'nocturne_associations',
    help: 'DICOM associations under way',
    registers: [registry],
  })
  const studies = new Gauge({
    name: 'nocturne_arriving_studies',
    help: 'Studies that are still arriving instance by instance',
    registers: [registry],
  })
  const certificates = new Gauge({
    name: 'nocturne_certificate_days_left',
    help: 'Days until a certificate expires, and the key of the gateway itself; those that never do are left out',
    labelNames: ['principal'] as const,
    registers: [registry],
  })
  const behind = new Gauge({
    name: 'nocturne_ledger_sink_behind',
    help: 'Ledger entries that a sink has not confirmed',
    labelNames: ['sink'] as const,
    registers: [registry],
  })
  const lag = new Gauge({
    name: 'nocturne_ledger_sink_lag_seconds',
    help: 'Age of the oldest ledger entry that a sink has not confirmed',
    labelNames: ['sink'] as const,
    registers: [registry],
  })
  const overdue = new Gauge({
    name: 'nocturne_ledger_review_overdue_seconds',
    help: 'How long a review of the ledger is overdue; 0 when it is not',
    registers: [registry],
  })
  return {
    registry,
    request: (labels, seconds) => requests.observe(labels, seconds),
    item: (outcome) => items.inc({ outcome }),
    uploads,
    arriving: (now, open) => {
      associations.set(now)
      studies.set(open)
    },
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
  }
}
