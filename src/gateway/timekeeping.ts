/** Opens the room that says whether the clock can be trusted. */
import type { Witnessing } from '../ledger/witness/index.js'
import { createTimekeeping } from '../timekeeping/index.js'
import type { Timekeeping } from '../timekeeping/index.js'
import type { Ground } from './ground.js'

export const openTimekeeping = (
  { state, ledger, now, steady, serverTime }: Ground,
  witnessing: Pick<Witnessing, 'witnessed'>,
): Timekeeping =>
  createTimekeeping({
    ...{ state, ledger, now, steady, serverTime },
    lastEventAt: () => lastEventAt(ledger),
    witnessedAt: async () => (await witnessing.witnessed())?.at,
  })

async function lastEventAt(ledger: Ground['ledger']): Promise<number | undefined> {
  const size = Number((await ledger.checkpoint()).split('\n')[1])
  const { rows } = await ledger.query({ start: Math.max(0, size - 1), limit: 1 })
  const time = rows[0]?.entry.time
  return time === undefined ? undefined : Date.parse(time)
}
