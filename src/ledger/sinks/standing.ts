/**
 * Records as an event when a sink is lost or regained, and only then: events are forwarded too, so
 * an event per failure would cause the next failure and the next event. The current state is in the
 * database, so neither a restart nor another gateway records it again.
 */
import { SYSTEM } from '../../lib/actors.js'
import type { Json } from '../../lib/json.js'
import type { State } from '../../state/index.js'
import type { Ledger } from '../log/ledger.js'

type Standing = 'lost' | 'regained'

export interface StandingRooms {
  readonly state: State
  readonly ledger: Ledger
  readonly now: () => number
}

/** Another gateway has already recorded it. */
class AlreadySo extends Error {}

/** @throws NocturneError `ledger_unavailable` */
export async function recordStanding(
  { state, ledger, now }: StandingRooms,
  sink: string,
  standing: Standing,
  detail: Readonly<Record<string, Json>> = {},
): Promise<void> {
  if (await isSo(state.db, sink, standing)) return
  const recording = ledger.record(async (tx) => {
    if (await isSo(tx, sink, standing)) throw new AlreadySo()
    const lostAt = standing === 'lost' ? now() : null
    await tx
      .insertInto('ledger_sinks')
      .values({ id: sink, lost_at: lostAt })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ lost_at: lostAt }))
      .execute()
    return {
      value: undefined,
      events: [
        {
          type: standing === 'lost' ? 'sink.lost' : 'sink.regained',
          outcome: standing === 'lost' ? 4 : 0,
          actor: SYSTEM,
          detail: { sink, ...detail },
        },
      ],
    }
  })
  await recording.catch((error: unknown) => {
    if (!(error instanceof AlreadySo)) throw error
  })
}

async function isSo(db: State['db'], sink: string, standing: Standing): Promise<boolean> {
  const row = await db
    .selectFrom('ledger_sinks')
    .select('lost_at')
    .where('id', '=', sink)
    .executeTakeFirst()
  return (standing === 'lost') === ((row?.lost_at ?? null) !== null)
}
