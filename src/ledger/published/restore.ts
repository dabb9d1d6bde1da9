/**
 * Recovery after a rollback: the log in the database is restored to the published one, entry by
 * entry, and records that. No published entry is lost. What its entries report but the database no
 * longer holds (transfers, claims, tokens) is lost, and the operator acknowledges that loss by
 * restoring.
 */
import { NocturneError } from '../../lib/errors.js'
import type { State, Tx } from '../../state/index.js'
import type { LogFiles } from '../../store/index.js'
import { readAnchor } from './anchor.js'
import type { Anchor } from './anchor.js'
import { appendEntries, lockHead } from '../log/append.js'
import { PUBLISHED } from './cursor.js'
import { isSameBytes, toBase64 } from '../verify/encoding.js'
import { columnsOf, makeEntry, parseEntry } from '../log/entry.js'
import type { Actor } from '../log/events.js'
import { createGaps } from '../verify/gaps.js'
import { createFrontier, leafInput, splitHashes, TILE_WIDTH } from '../verify/merkle.js'
import type { Tile } from '../verify/merkle.js'
import { sha256 } from '../verify/node-crypto.js'
import { readObject } from '../verify/recompute.js'
import { createSigner } from './signer.js'
import type { Signer } from './signer.js'
import { readTile } from '../log/tiles.js'
import { publishedSource } from '../verify/verify-published.js'

export interface RestoreOptions {
  readonly state: State
  readonly files: LogFiles
  readonly gateway: string
  readonly signingKey: string
  readonly actor: Actor
  readonly now: () => number
  /**
   * Receives the entries of the database that were never published, before they are removed from
   * it.
   */
  readonly setAside: (entries: AsyncIterable<Buffer>) => Promise<void>
}

export interface RestoreReport {
  /** Size of the log in the database before. */
  readonly before: number
  /**
   * Size of the published log, and now of the database, not counting the event that records the
   * restoration.
   */
  readonly published: number
  /** The first index at which the two differed. */
  readonly from: number
  /** Number of entries that existed only in the database. */
  readonly setAside: number
}

/**
 * Runs in one transaction: after a crash the log is either as before, or restored together with its
 * event. If the store was lost and an empty one takes its place, the log in the database continues
 * and all of it is published anew.
 *
 * @throws NocturneError `not_found` when nothing was ever published, `ledger_broken` when the
 *   published log does not verify against its checkpoint, `store_unavailable`
 */
export async function restoreLedger(options: RestoreOptions): Promise<RestoreReport> {
  const { state, files, gateway, signingKey, actor, now } = options
  const signer = createSigner(gateway, signingKey)
  const anchor = await readAnchor(files, signer.verifierKey)
  if (!anchor) return goOnWithout(options, signer)
  return state.transaction(async (tx) => {
    const select = tx.selectFrom('ledger_head').select('size').where('id', '=', 1)
    const head = await (state.kind === 'postgres' ? select.forUpdate() : select).executeTakeFirst()
    const before = head?.size ?? 0
    const from = await commonLength(tx, files, anchor)
    const aside = await countFrom(tx, from)
    if (aside > 0) await options.setAside(entriesFrom(tx, from))
    await tx.deleteFrom('events').where('idx', '>=', from).execute()
    const frontier = await fill(tx, files, anchor, from)
    if (!isSameBytes(frontier.root(), anchor.root)) throw new NocturneError('ledger_broken')
    await tx
      .insertInto('ledger_head')
      .values({ id: 1, size: anchor.size, checkpoint: anchor.signed })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({ size: anchor.size, checkpoint: anchor.signed }),
      )
      .execute()
    const detail = { before, published: anchor.size, root: toBase64(anchor.root), from, aside }
    const event = { type: 'ledger.restored', outcome: 4, actor, detail } as const
    await appendEntries(tx, signer, { checkpoint: anchor.signed, frontier }, [
      makeEntry(event, gateway, now()),
    ])
    return { before, published: anchor.size, from, setAside: aside }
  })
}

/**
 * The operator has acknowledged the loss of the store. Without that, a gateway refuses an empty
 * one.
 */
async function goOnWithout(
  { state, gateway, actor, now }: RestoreOptions,
  signer: Signer,
): Promise<RestoreReport> {
  return state.transaction(async (tx) => {
    const { numUpdatedRows: wasPublished } = await tx
      .updateTable('ledger_cursors')
      .set({ position: 0 })
      .where('name', '=', PUBLISHED)
      .where('position', '>', 0)
      .executeTakeFirst()
    if (wasPublished === 0n) throw new NocturneError('not_found')
    const head = await lockHead(state, tx, signer, undefined)
    const before = head.frontier.size
    const detail = { before, published: 0, from: before, aside: 0 }
    const event = { type: 'ledger.restored', outcome: 4, actor, detail } as const
    await appendEntries(tx, signer, head, [makeEntry(event, gateway, now())])
    return { before, published: 0, from: before, setAside: 0 }
  })
}

interface Published {
  readonly index: number
  readonly hash: Uint8Array
  /** Undefined for a pruned entry. */
  readonly entry: Uint8Array | undefined
}

/**
 * Yields every published entry, or only its hash if it was pruned.
 * @throws NocturneError `ledger_broken`
 */
async function* publishedEntries(
  files: LogFiles,
  size: number,
): AsyncGenerator<readonly Published[], void, undefined> {
  const source = publishedSource(files)
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const width = Math.min(TILE_WIDTH, size - first)
    const entries = await source.entries(first, width)
    const isWhole = entries.every((entry) => entry !== undefined)
    const tile = isWhole ? undefined : await source.tile(0, first / TILE_WIDTH, width)
    const hashes = splitHashes(tile ?? new Uint8Array())
    yield entries.map((entry, i) => {
      const hash = entry ? sha256(leafInput(entry.bytes)) : hashes[i]
      if (!hash) throw new NocturneError('ledger_broken')
      return { index: first + i, hash, entry: entry?.bytes }
    })
  }
}

/** The length of the common prefix of both logs; pruned entries are compared by hash. */
async function commonLength(tx: Tx, files: LogFiles, anchor: Anchor): Promise<number> {
  for await (const some of publishedEntries(files, anchor.size)) {
    const first = some[0]?.index ?? 0
    const rows = await tx
      .selectFrom('events')
      .select(['idx', 'entry'])
      .where('idx', '>=', first)
      .where('idx', '<', first + some.length)
      .execute()
    const known = new Map(rows.map(({ idx, entry }) => [idx, sha256(leafInput(entry))]))
    const tile = await readTile(tx, 0, first / TILE_WIDTH)
    const hashes = splitHashes(tile ?? new Uint8Array())
    const other = some.find(({ index, hash }) => {
      const own = known.get(index) ?? hashes[index - first]
      return !own || !isSameBytes(own, hash)
    })
    if (other) return other.index
  }
  return anchor.size
}

/**
 * Inserts the published entries from there on and rewrites every tile. Returns the frontier of the
 * whole log.
 */
async function fill(tx: Tx, files: LogFiles, anchor: Anchor, from: number) {
  const frontier = createFrontier(sha256, 0, [])
  const gaps = createGaps()
  await tx.deleteFrom('ledger_tiles').execute()
  const put = async (tiles: readonly Tile[]) => {
    for (const { level, n, hashes } of tiles)
      await tx
        .insertInto('ledger_tiles')
        .values({ level, n, hashes: Buffer.concat(hashes) })
        .execute()
  }
  for await (const some of publishedEntries(files, anchor.size)) {
    for (const { index, hash, entry: bytes } of some) {
      await put(frontier.append(hash))
      if (!bytes) {
        gaps.add(index, index + 1)
        continue
      }
      gaps.see(index, () => readObject(bytes))
      if (index < from) continue
      const entry = Buffer.from(bytes)
      const row = { idx: index, ...columnsOf(parseEntry(entry)), entry }
      await tx.insertInto('events').values(row).execute()
    }
  }
  await put(frontier.partials())
  const { pruned, missing } = gaps.end()
  if (missing) throw new NocturneError('ledger_broken')
  // An old database may still hold entries that were pruned later.
  for (const [first, until] of pruned)
    await tx.deleteFrom('events').where('idx', '>=', first).where('idx', '<', until).execute()
  return frontier
}

async function countFrom(tx: Tx, from: number): Promise<number> {
  const { count } = await tx
    .selectFrom('events')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('idx', '>=', from)
    .executeTakeFirstOrThrow()
  return count
}

async function* entriesFrom(tx: Tx, from: number): AsyncGenerator<Buffer, void, undefined> {
  for (let next = from; ;) {
    const rows = await tx
      .selectFrom('events')
      .select(['idx', 'entry'])
      .where('idx', '>=', next)
      .orderBy('idx')
      .limit(TILE_WIDTH)
      .execute()
    for (const { entry } of rows) yield entry
    const last = rows.at(-1)
    if (!last) return
    next = last.idx + 1
  }
}
