/** `verify`: recomputes the whole log in the database from its entries. */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import type { EventTable } from '../../state/tables/index.js'
import type { Db } from '../../state/index.js'
import { openCheckpoint } from '../verify/checkpoint.js'
import { isSameBytes, toBase64 } from '../verify/encoding.js'
import { columnsOf, parseEntry } from './entry.js'
import type { VerifyReport } from './contract.js'
import { nodeCrypto, sha256 } from '../verify/node-crypto.js'
import { recompute, worstOf } from '../verify/recompute.js'
import type { LogSource, SourceEntry } from '../verify/recompute.js'
import type { Signer } from '../published/signer.js'
import { readTile } from './tiles.js'

export async function recheck(db: Db, signer: Signer): Promise<VerifyReport> {
  const head = await readHead(db)
  if (!head) return { ok: false, size: 0, root: '', problem: 'the head is missing' }
  const opened = await openCheckpoint(head.checkpoint, signer.verifierKey, nodeCrypto)
  const { checkpoint } = opened
  const size = checkpoint?.size ?? head.size
  const { frontier, faults, pruned } = await recompute(databaseSource(db), size, sha256)
  const root = frontier.root()
  const report = (problem?: string, badIndex?: number): VerifyReport => ({
    ok: problem === undefined,
    size: frontier.size,
    root: toBase64(root),
    ...(problem !== undefined && { problem }),
    ...(badIndex !== undefined && { badIndex }),
    ...(pruned.length > 0 && { pruned }),
  })

  const isSigned =
    frontier.size === size && checkpoint !== undefined && isSameBytes(root, checkpoint.root)
  const worst = worstOf(faults, isSigned)
  if (opened.problem !== undefined) return report(opened.problem, worst?.badIndex)
  if (!isSigned && faults.missing === undefined && faults.leaf === undefined)
    return report('the entries do not match the signed root', worst?.badIndex)
  if (worst) return report(worst.problem, worst.badIndex)
  if (head.size !== size) return report('the head and its checkpoint differ in size')
  if (head.last !== null && head.last >= size)
    return report('there are entries beyond the checkpoint', size)
  return report()
}

/** A single statement, so that an append by another gateway is seen completely or not at all. */
function readHead(db: Db) {
  return db
    .selectFrom('ledger_head')
    .select(['size', 'checkpoint'])
    .select((e) =>
      e
        .selectFrom('events')
        .select((f) => f.fn.max('idx').as('last'))
        .as('last'),
    )
    .where('id', '=', 1)
    .executeTakeFirst()
}

/**
 * A partial tile may have grown since the head was read; then its first hashes are the ones needed.
 */
const databaseSource = (db: Db): LogSource => ({
  tile: (level, n) => readTile(db, level, n),
  entries: async (first, width) => {
    const rows = await db
      .selectFrom('events')
      .selectAll()
      .where('idx', '>=', first)
      .where('idx', '<', first + width)
      .execute()
    const entries: (SourceEntry | undefined)[] = Array.from({ length: width }, () => undefined)
    for (const row of rows)
      entries[row.idx - first] = { bytes: row.entry, isIndexed: isIndexed(row) }
    return entries
  },
})

/** Whether the row's columns match its entry, and the entry is in canonical form. */
function isIndexed(row: EventTable): boolean {
  try {
    const entry = parseEntry(row.entry)
    const canonical = canonicalJson(JSON.parse(row.entry.toString()) as Json)
    if (!row.entry.equals(Buffer.from(canonical))) return false
    return Object.entries(columnsOf(entry)).every(
      ([name, value]) => row[name as keyof EventTable] === value,
    )
  } catch {
    return false
  }
}
