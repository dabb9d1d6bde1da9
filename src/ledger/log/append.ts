/**
 * Appending to the log. Everything here runs inside one transaction, while holding the lock on the
 * head.
 */
import type { State, Tx } from '../../state/index.js'
import { NocturneError } from '../../lib/errors.js'
import { breathe } from '../../lib/pace.js'
import { openCheckpoint } from '../verify/checkpoint.js'
import { isSameBytes } from '../verify/encoding.js'
import type { NewEntry } from './entry.js'
import { leafInput } from '../verify/merkle.js'
import type { Frontier, Tile } from '../verify/merkle.js'
import { nodeCrypto, sha256 } from '../verify/node-crypto.js'
import type { Signer } from '../published/signer.js'
import { loadFrontier } from './tiles.js'

/** The head together with its frontier: both belong to the same checkpoint and tree. */
export interface Head {
  readonly checkpoint: string
  readonly frontier: Frontier
}

/** Rows per INSERT: few enough parameters for both databases, and only one statement to prepare. */
const ROWS_AT_ONCE = 100

/**
 * Locks the head until the end of the transaction and returns it. No change recorded by this or
 * another gateway can come between this and what the caller then reads.
 *
 * A head not known to this process is checked first: extending a tree that does not match its own
 * checkpoint would sign an inconsistent log, which c2sp.org/tlog-checkpoint forbids.
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
 * Appends the entries and returns the new head. If the transaction fails, the old head stays valid.
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
  for (const { bytes } of entries) {
    tiles.push(...frontier.append(sha256(leafInput(bytes))))
    await breathe()
  }
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
