/** An envelope under way is its gateway's own for as long as that gateway lives. */
import type { TransferRooms } from './rooms.js'

/** How long an envelope stays its gateway's own without a sign of life. */
export const LEASE_MS = 30_000

/**
 * Renews the lease until the answer is called. A gateway that dies stops renewing, and the sweep
 * may come.
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
