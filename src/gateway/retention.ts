/** Opens the removal of what is past the retention of the site. */
import { expireNotes } from '../cases/notes/index.js'
import { handoverExpiry } from '../duty/handover/index.js'
import { areTransfersHeld, readHolds } from '../ledger/retention/index.js'
import { SYSTEM } from '../lib/actors.js'
import { keyOf, reportExpiry } from '../reports/index.js'
import { expireFeedback } from '../reports/feedback/index.js'
import { createRetention, expiredObjects } from '../retention/index.js'
import type { Retention } from '../retention/index.js'
import { clockProblem } from '../timekeeping/index.js'
import type { Timekeeping } from '../timekeeping/index.js'
import type { Ground } from './ground.js'
import type { ReadingRooms } from './reading.js'

export interface RetentionRooms {
  readonly retention: Retention
  /**
   * Those of these keys, of a copy of the store, whose objects expired here. Objects that the store
   * has merely lost are not among them.
   */
  readonly expiredObjects: (keys: AsyncIterable<string>) => Promise<readonly string[]>
}

export function openRetention(
  { site, state, ledger, store, now }: Ground,
  {
    cases,
    transfers,
    critical,
    reply,
  }: Pick<ReadingRooms, 'cases' | 'transfers' | 'critical' | 'reply'>,
  timekeeping: Timekeeping,
): RetentionRooms {
  const retention = createRetention({
    ...{ state, ledger, store, critical, now, timekeeping, explain: clockProblem },
    ...{ terms: site.config.retention, system: SYSTEM, areHeld: areTransfersHeld },
    ...{ cases: cases.expiry, transfers: transfers.expiry },
    ...{ reports: reportExpiry, reportKey: keyOf },
    ...{ expireNotes, expireFeedback, handovers: handoverExpiry },
    isAnythingHeld: async (db) => (await readHolds(db)).length > 0,
  })
  const leftover = {
    namedBy: (transfer: string) => transfers.expiry.namedBy(transfer),
    isReportExpired: async (id: string) => {
      const row = await reply.find(id)
      return row !== undefined && row.expired_at !== null
    },
  }
  return { retention, expiredObjects: (keys) => expiredObjects(leftover, keys) }
}
