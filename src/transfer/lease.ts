/** Leases: an envelope being filled belongs to its gateway for as long as that gateway lives. */
import type { TransferRooms } from './rooms.js'

/** Without renewal for this long, the envelope no longer belongs to its gateway. */
export const LEASE_MS = 30_000

/**
 * Renews the lease until the returned function is called. When the gateway dies, renewal stops and
 * the sweep may take the envelope.
 */
export function keepLease(
  { state, now, logger }: Pick<TransferRooms, 'state' | 'now' | 'logger'>,
  envelope: string,
): () => void {
  const timer = setInterval(() => {
    state
      .transaction((tx) =>
        tx
          .updateTable('envelopes')
          .set({ lease_until: now() + LEASE_MS })
          .where('id', '=', envelope)
          .where('state', 'in', ['receiving', 'growing'])
          .execute(),
      )
      .catch(() => logger.warn('a lease could not be renewed', { code: 'database_unavailable' }))
  }, LEASE_MS / 3)
  timer.unref()
  return () => clearInterval(timer)
}
