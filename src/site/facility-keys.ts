/**
 * Generations of a facility's secret. The database knows the public id of the one in use, so that a gateway with another
 * secret (one of several that was not restarted, a file that was lost and made anew) gives no patient a second pseudonym.
 */
import { keyIdOf } from '../deidentify/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Actor } from '../ledger/index.js'
import type { Rooms } from '../rooms.js'
import { secretsOf } from '../transfer/context.js'

const SITE: Actor = { id: 'system', role: 'system', method: 'site' }

/**
 * On start: a rotated secret takes effect, with its event. One that is neither in use nor follows it stops the gateway.
 *
 * @throws NocturneError `facility_key_unknown`, `ledger_unavailable`
 */
export async function recordFacilityKeys(rooms: Rooms): Promise<void> {
  for (const { id: facility } of rooms.site.config.facilities) {
    const [current = '', ...retired] = secretsOf(rooms, facility).map(keyIdOf)
    const before = await keyInUse(rooms, facility)
    if (before === current) continue
    if (before !== undefined && !retired.includes(before))
      throw new NocturneError('facility_key_unknown', { subject: facility })
    const use = { facility, key_id: current, since: rooms.now(), retired_at: null }
    if (before === undefined) {
      // The first secret of a facility is no change of one.
      await rooms.state.transaction((tx) =>
        tx
          .insertInto('facility_keys')
          .values(use)
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
      continue
    }
    await rooms.ledger.record(async (tx) => {
      await tx
        .updateTable('facility_keys')
        .set({ retired_at: rooms.now() })
        .where('facility', '=', facility)
        .where('retired_at', 'is', null)
        .execute()
      await tx
        .insertInto('facility_keys')
        .values(use)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const detail = { from: before, to: current }
      const event = { type: 'facility.rekeyed', outcome: 0, actor: SITE, facility, detail } as const
      return { value: undefined, events: [event] }
    })
  }
}

/** Before an upload is worked on. @throws NocturneError `facility_key_unknown` when another gateway rotated the secret */
export async function expectKeyInUse(rooms: Rooms, facility: string): Promise<void> {
  const inUse = await keyInUse(rooms, facility)
  const [secret] = secretsOf(rooms, facility)
  if (inUse !== undefined && secret && keyIdOf(secret) !== inUse)
    throw new NocturneError('facility_key_unknown', { subject: facility })
}

async function keyInUse({ state }: Rooms, facility: string): Promise<string | undefined> {
  const row = await state.db
    .selectFrom('facility_keys')
    .select('key_id')
    .where('facility', '=', facility)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  return row?.key_id
}
