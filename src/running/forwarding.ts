/** Forwards events to the sinks for as long as the gateway runs, each at its own pace. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Forwarder, Forwarding } from '../ledger/sinks/index.js'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'

/** Used when our own database is unavailable. */
const PAUSE_AFTER_FAILURE_MS = 5_000
/**
 * Time allowed for the last batch when the gateway stops. Its most important event is the stop
 * itself.
 */
const LAST_STEP_MS = 5_000

export interface ForwardingRooms {
  readonly forwarding: Pick<Forwarding, 'forwarders'>
  readonly logger: Logger
}

/** Returns a function that stops forwarding after a last batch to each reachable sink. */
export function startForwarding({ forwarding, logger }: ForwardingRooms): () => Promise<void> {
  const stops = forwarding.forwarders.map((forwarder) => run(logger, forwarder))
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

function run(logger: Logger, forwarder: Forwarder): () => Promise<void> {
  const stop = new AbortController()
  const sink = forwarder.id
  let last: string | undefined

  const step = async (): Promise<number> => {
    try {
      const pause = await forwarder.step()
      const failure = forwarder.failure()
      // Logged once, not on every attempt.
      if (failure && failure.problem !== last)
        logger.error('the ledger is not being forwarded', {
          sink,
          problem: failure.problem,
          ...(failure.system !== undefined && { system: failure.system }),
        })
      if (!failure && last !== undefined) logger.info('the ledger is forwarded again', { sink })
      last = failure?.problem
      return pause
    } catch (error) {
      const { code } = asNocturneError(error, 'database_unavailable')
      if (code !== last) logger.error('the ledger cannot be read to be forwarded', { sink, code })
      last = code
      return PAUSE_AFTER_FAILURE_MS
    }
  }

  const running = (async () => {
    while (!stop.signal.aborted) {
      const pause = await step()
      await sleep(pause, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
    }
    if (last === undefined) await step()
    await forwarder.release().catch(() => undefined)
  })()
  return async () => {
    stop.abort()
    await Promise.race([running, sleep(LAST_STEP_MS, undefined, { ref: false })])
  }
}
