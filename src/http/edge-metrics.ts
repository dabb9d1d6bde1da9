/** Metrics that only an edge has: a gateway shows none of them. */
import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { EdgeState } from '../transfer/sealed/index.js'

/** @returns sets the gauges, which are registered by the first call */
export function edgeMetrics(registry: Registry): (state: EdgeState) => void {
  let gauges: ReturnType<typeof register> | undefined
  return ({ spool, line }) => {
    gauges ??= register(registry)
    gauges.transfers.set(spool.transfers)
    gauges.bytes.set(spool.bytes)
    if (spool.limit !== undefined) gauges.limit.set(spool.limit)
    gauges.refused.set(line.refused.length)
    gauges.reached.set((line.reachedAt ?? 0) / 1_000)
  }
}

function register(registry: Registry) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] })
  return {
    transfers: gauge(
      'nocturne_edge_waiting_transfers',
      'Sealed transfers that the gateway has not taken over',
    ),
    bytes: gauge('nocturne_edge_spool_bytes', 'Sealed bytes that wait for the gateway'),
    limit: gauge(
      'nocturne_edge_spool_limit_bytes',
      'Sealed bytes from which on an edge refuses studies',
    ),
    refused: gauge('nocturne_edge_refused_transfers', 'Transfers that the gateway refuses'),
    reached: gauge(
      'nocturne_edge_gateway_reached_seconds',
      'When the gateway last answered, in seconds since 1970; 0 before the first time',
    ),
  }
}
