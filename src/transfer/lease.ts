/** Leases: an envelope being filled belongs to its gateway for as long as that gateway lives. */
import type { Logger } from '../lib/logger.js'
import type { State } from '../state/index.js'

/** Without renewal for this long, the envelope no longer belongs to its gateway. */
export const LEASE_MS = 60_000
/** Often enough that a gateway may miss several: a starved machine, or a database that was away. */
const RENEWED_EVERY_MS = 5_000

interface LeaseRooms {
  readonly state: Pick<State, 'transaction'>
  readonly logger: Pick<Logger, 'warn'>
  readonly now: () => number
}

/**
 * The envelopes that this gateway is filling. Its own sweep never takes them, however late the
 * renewal is and however the clock was set; the lease in the database is for other gateways.
 */
export class Leases {
  readonly #held = new Set<string>()

  /**
   * Holds the envelope, and renews its lease, until the returned function is called. When the
   * gateway dies, renewal stops and the sweep may take the envelope.
   */
  hold({ state, now, logger }: LeaseRooms, envelope: string): () => void {
    this.#held.add(envelope)
    let isRenewing = false
    const renew = async () => {
      if (isRenewing) return
      isRenewing = true
      try {
        await state.transaction((tx) =>
          tx
            .updateTable('envelopes')
            .set({ lease_until: now() + LEASE_MS })
            .where('id', '=', envelope)
            .where('state', 'in', ['receiving', 'growing'])
            .execute(),
        )
      } catch {
        logger.warn('a lease could not be renewed', { code: 'database_unavailable' })
      } finally {
        isRenewing = false
      }
    }
    const timer = setInterval(() => void renew(), RENEWED_EVERY_MS).unref()
    return () => {
      clearInterval(timer)
      this.#held.delete(envelope)
    }
  }

  isHeld(envelope: string): boolean {
    return this.#held.has(envelope)
  }
}
