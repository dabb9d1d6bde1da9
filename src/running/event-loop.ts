/**
 * Measures how long the event loop is kept from its work: every request waits at least that long.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** In seconds. */
interface LoopDelay {
  readonly p99: number
  readonly max: number
}

export interface LoopWatch {
  /** Since the last probe of readiness. */
  probed(): LoopDelay
  /** Since the last scrape of metrics. */
  scraped(): LoopDelay
  close(): void
}

/** Of the timer whose lateness is measured; the interval itself is no delay. */
const INTERVAL_MS = 10

/** Each reader has its own histogram, because reading starts it anew. */
export function watchLoop(): LoopWatch {
  const [probes, scrapes] = [startHistogram(), startHistogram()]
  return {
    probed: () => take(probes),
    scraped: () => take(scrapes),
    close: () => {
      probes.disable()
      scrapes.disable()
    },
  }
}

function startHistogram() {
  const histogram = monitorEventLoopDelay({ resolution: INTERVAL_MS })
  histogram.enable()
  return histogram
}

function take(histogram: ReturnType<typeof startHistogram>): LoopDelay {
  const found =
    histogram.count === 0
      ? { p99: 0, max: 0 }
      : { p99: lateness(histogram.percentile(99)), max: lateness(histogram.max) }
  histogram.reset()
  return found
}

const lateness = (nanoseconds: number): number =>
  Math.max(0, Math.round(nanoseconds / 1e3 - INTERVAL_MS * 1e3)) / 1e6
