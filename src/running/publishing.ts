/** Keeps the published log within two seconds of the ledger, for as long as the gateway runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Ledger } from '../ledger/log/index.js'
import type { Publisher } from '../ledger/published/index.js'

/** A round that finds nothing new costs one small query. */
const PAUSE_MS = 500
/** After a failure, so that an unavailable store is not flooded with attempts. */
const PAUSE_AFTER_FAILURE_MS = 5_000

export interface PublishingRooms {
  readonly publisher: Pick<Publisher, 'publish'>
  readonly ledger: Pick<Ledger, 'halt'>
  readonly logger: Logger
}

/**
 * An unavailable store blocks nobody: new entries are published when it is back. If the ledger
 * turns out not to be the published one, it is closed for writing, and the gateway then handles no
 * PHI.
 *
 * @returns a function that stops publishing after a last round.
 */
export function startPublishing({
  publisher,
  ledger,
  logger,
}: PublishingRooms): () => Promise<void> {
  const stop = new AbortController()
  let lastCode: string | undefined

  const publish = async (): Promise<number> => {
    try {
      await publisher.publish()
      if (lastCode !== undefined) logger.info('the ledger is published again')
      lastCode = undefined
      return PAUSE_MS
    } catch (error) {
      const reason = asNocturneError(error, 'store_unavailable')
      const isSame = reason.code === lastCode
      const isRolledBack = reason.code === 'ledger_rolled_back'
      // Checked twice: one corrupted read must not close a sound ledger.
      if (isRolledBack && isSame) ledger.halt(reason)
      // Logged once, not in every round.
      if (!isSame) logger.error('the ledger is not being published', { code: reason.code })
      lastCode = reason.code
      return isRolledBack && !isSame ? PAUSE_MS : PAUSE_AFTER_FAILURE_MS
    }
  }

  const run = (async () => {
    while (!stop.signal.aborted) {
      const pause = await publish()
      await sleep(pause, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
    }
    await publish()
  })()
  return async () => {
    stop.abort()
    await run
  }
}
