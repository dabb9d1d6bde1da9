/**
 * Writing to the log: everything here happens inside one transaction, behind the lock on the head.
 */
import type { State, Tx } from '../../state/index.js'
import { NocturneError } from '../../lib/errors.js'
import { openCheckpoint } from '../verify/checkpoint.js'
import { isSameBytes } from '../verify/encoding.js'
import type { NewEntry } from './entry.js'
import { leafInput } from '../verify/merkle.js'
import type { Frontier, Tile } from '../verify/merkle.js'
import { nodeCrypto, sha256 } from '../verify/node-crypto.js'
import type { Signer } from '../published/signer.js'
import { loadFrontier } from './tiles.js'

/** The head that a frontier belongs to: the same checkpoint, the same tree. */
export interface Head {
  readonly checkpoint: string
  readonly frontier: Frontier
}

/** Rows of one insert: few enough parameters for every database, and one statement to prepare. */
const ROWS_AT_ONCE = 100

/**
 * Locks the head until the end of the transaction and answers it. Whatever the change then reads,
 * no other recorded change comes in between, on this gateway or another.
 *
 * Extending a tree that its own checkpoint does not vouch for would sign an inconsistent log, which
 * c2sp.org/tlog-checkpoint forbids, so a head from elsewhere is checked first.
 *
 * @throws NocturneError `ledger_broken`
 */
export async function lockHead(
  state: State,
  tx: Tx,
  signer: Signer,
  known: Head | undefined,
): Promise<Head> {
  const select = tx.selectFrom('ledger_head').select(['size', 'checkpoint']).where('id', '=', 1)
  const row = await (state.kind === 'postgres' ? select.forUpdate() : select).executeTakeFirst()
  if (!row) throw new NocturneError('ledger_broken')
  if (row.checkpoint === known?.checkpoint) return known
  const { checkpoint } = await openCheckpoint(row.checkpoint, signer.verifierKey, nodeCrypto)
  const frontier = await loadFrontier(tx, row.size)
  if (checkpoint?.size !== row.size || !isSameBytes(checkpoint.root, frontier.root()))
    throw new NocturneError('ledger_broken')
  return { checkpoint: row.checkpoint, frontier }
}

/**
 * Appends the entries, and answers the new head. The old one stays good, should the transaction
 * fail.
 */
export async function appendEntries(
  tx: Tx,
  signer: Signer,
  head: Head,
  entries: readonly NewEntry[],
): Promise<Head> {
  const first = head.frontier.size
  const frontier = head.frontier.copy()
  const tiles: Tile[] = []
  for (const { bytes } of entries) tiles.push(...frontier.append(sha256(leafInput(bytes))))
  tiles.push(...frontier.partials())
  const checkpoint = signer.sign({ size: frontier.size, root: frontier.root() })

  const rows = entries.map(({ columns, bytes }, i) => ({
    idx: first + i,
    ...columns,
    entry: bytes,
  }))
  for (const some of chunk(rows)) await tx.insertInto('events').values(some).execute()
  for (const some of chunk(tiles.map(tileRow))) {
    await tx
      .insertInto('ledger_tiles')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['level', 'n'])
          .doUpdateSet((values) => ({ hashes: values.ref('excluded.hashes') })),
      )
      .execute()
  }
  await tx
    .updateTable('ledger_head')
    .set({ size: frontier.size, checkpoint })
    .where('id', '=', 1)
    .execute()
  return { checkpoint, frontier }
}

const tileRow = ({ level, n, hashes }: Tile) => ({ level, n, hashes: Buffer.concat(hashes) })

function chunk<T>(rows: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, i) =>
    rows.slice(i * ROWS_AT_ONCE, (i + 1) * ROWS_AT_ONCE),
  )
}
