import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, GatewayError } from './client.js'
import { FrontError, LASTING } from './front.js'

/** More than a minute in all: a gateway that is restarted needs that long to be ready again. */
const ATTEMPTS = 9
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 16_000
/**
 * 503 is the gateway's own "try later"; the others come from a proxy, which does not know what the
 * gateway did.
 */
const BUSY: ReadonlySet<number> = new Set([502, 503, 504])

export interface RetryOptions {
  readonly signal: AbortSignal
  /** Called before each wait. */
  readonly onRetry?: (waitMs: number) => void
  readonly firstWaitMs?: number
  /** True when there was progress since the last failure, so that the retry count is reset. */
  readonly hasMoved?: () => boolean
}

/**
 * Retries `work` when the connection or the gateway fails, with exponential backoff and jitter, so
 * that the clients of one gateway do not all return at once. Only for work that may be done twice.
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

function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return !LASTING.has(error.code)
  if (error instanceof GatewayError || error instanceof FrontError) return BUSY.has(error.status)
  return false
}
