import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, GatewayError } from './client.js'

const ATTEMPTS = 6
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 16_000
/** A gateway or a proxy that cannot serve now, and may soon. */
const BUSY: ReadonlySet<number> = new Set([502, 503, 504])

export interface RetryOptions {
  readonly signal: AbortSignal
  /** Told before each wait. */
  readonly onRetry?: (waitMs: number) => void
  readonly firstWaitMs?: number
  /** True when work was done since the last failure, so that the count begins anew. */
  readonly hasMoved?: () => boolean
}

/**
 * Does `work` again when the connection or the gateway failed, with waits that double and vary, so that many
 * clients of one gateway do not come back together. Only for work that may be done twice.
 */
export async function retry<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  const { signal, onRetry, hasMoved, firstWaitMs = FIRST_WAIT_MS } = options
  for (let failures = 0; ;) {
    try {
      return await work()
    } catch (error) {
      failures = hasMoved?.() === true ? 1 : failures + 1
      if (signal.aborted || !isPassing(error) || failures >= ATTEMPTS) throw error
      const wait = Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** (failures - 1))
      const waitMs = Math.round(wait * (0.75 + Math.random() / 2))
      onRetry?.(waitMs)
      await sleep(waitMs, undefined, { signal })
    }
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof GatewayError && BUSY.has(error.status))
