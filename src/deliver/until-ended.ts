/** Waits for the ends of downloads, which are recorded only after their last byte. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeliverRooms } from './contract.js'

const END_WAIT_MS = 2_000
const END_POLL_MS = 50

/**
 * The end of a download is recorded only after its last byte, so a client that has all bytes may
 * ask for the receipt before that.
 */
export async function untilEnded(
  { state, now }: DeliverRooms,
  reader: string,
  transfer: string,
): Promise<void> {
  for (let waited = 0; waited < END_WAIT_MS; waited += END_POLL_MS) {
    const underWay = await state.db
      .selectFrom('downloads')
      .select('id')
      .where('transfer', '=', transfer)
      .where('principal', '=', reader)
      .where('lease_until', '>', now())
      .executeTakeFirst()
    if (!underWay) return
    await sleep(END_POLL_MS)
  }
}
