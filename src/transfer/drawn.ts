/** Draws random items for checks of what the store holds. */
import { sql } from 'kysely'
import type { State } from '../state/index.js'

/** Larger items are not read for a sample. */
const MOST_BYTES = 64 << 20

export async function drawItems(
  state: Pick<State, 'db'>,
  count: number,
): Promise<readonly { readonly object: string; readonly digest: string }[]> {
  const rows = await state.db
    .selectFrom('items')
    .innerJoin('envelopes', 'envelopes.id', 'items.envelope')
    .select(['items.object as object', 'items.sealed_digest as digest'])
    .where('envelopes.state', '=', 'committed')
    .where('items.object', 'is not', null)
    .where('items.sealed_digest', 'is not', null)
    .where('items.sealed_size', '<=', MOST_BYTES)
    .orderBy(sql`random()`)
    .limit(count)
    .execute()
  return rows.flatMap(({ object, digest }) =>
    object === null || digest === null ? [] : [{ object, digest }],
  )
}

/** The same with a recipient's key packet in front, so that the recipient's key can open it. */
export async function drawSealed(
  state: Pick<State, 'db'>,
  recipient: string,
  count: number,
): Promise<readonly { readonly object: string; readonly packet: Buffer }[]> {
  const rows = await state.db
    .selectFrom('items')
    .innerJoin('envelopes', 'envelopes.id', 'items.envelope')
    .innerJoin('key_packets', 'key_packets.envelope', 'items.envelope')
    .select(['items.object as object', 'key_packets.packet as packet'])
    .where('envelopes.state', '=', 'committed')
    .where('key_packets.recipient', '=', recipient)
    .where('items.object', 'is not', null)
    .where('items.sealed_size', '<=', MOST_BYTES)
    .orderBy(sql`random()`)
    .limit(count)
    .execute()
  return rows.flatMap(({ object, packet }) => (object === null ? [] : [{ object, packet }]))
}
