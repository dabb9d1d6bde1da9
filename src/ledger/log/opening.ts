/**
 * What happens to the log when a gateway starts: a new log is begun, or the end of the existing one
 * is checked.
 */
import { NocturneError } from '../../lib/errors.js'
import type { State } from '../../state/index.js'
import { lockHead } from './append.js'
import { isSameBytes } from '../verify/encoding.js'
import { createFrontier, HASH_BYTES, leafInput, TILE_WIDTH } from '../verify/merkle.js'
import { sha256 } from '../verify/node-crypto.js'
import type { Signer } from '../published/signer.js'
import { readTile } from './tiles.js'

/**
 * Signs the empty tree when there is neither a head nor an entry. Two gateways starting at the same
 * time sign the same one.
 */
export async function begin(state: State, signer: Signer): Promise<void> {
  await state.transaction(async (tx) => {
    const head = await tx.selectFrom('ledger_head').select('id').executeTakeFirst()
    if (head) return
    const entry = await tx.selectFrom('events').select('idx').limit(1).executeTakeFirst()
    /** There are entries but no head: starting a new log would hide them. */
    if (entry) throw new NocturneError('ledger_broken')
    const checkpoint = signer.sign({ size: 0, root: createFrontier(sha256, 0, []).root() })
    await tx
      .insertInto('ledger_head')
      .values({ id: 1, size: 0, checkpoint })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
  })
}

/**
 * Checks that the head, its checkpoint, the tiles and the last entry agree. Everything earlier is
 * checked by `verify`.
 * @throws NocturneError `ledger_broken`
 */
export async function checkEnd(state: State, signer: Signer): Promise<void> {
  await state.transaction(async (tx) => {
    const { frontier } = await lockHead(state, tx, signer, undefined)
    const last = await tx
      .selectFrom('events')
      .select(['idx', 'entry'])
      .orderBy('idx', 'desc')
      .limit(1)
      .executeTakeFirst()
    if ((last?.idx ?? -1) !== frontier.size - 1) throw new NocturneError('ledger_broken')
    if (!last) return
    const tile = await readTile(tx, 0, Math.floor(last.idx / TILE_WIDTH))
    const at = (last.idx % TILE_WIDTH) * HASH_BYTES
    const hash = tile?.subarray(at, at + HASH_BYTES)
    if (!hash || !isSameBytes(hash, sha256(leafInput(last.entry))))
      throw new NocturneError('ledger_broken')
  })
}
