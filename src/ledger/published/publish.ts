/**
 * Publishing: the log as static files (c2sp.org/tlog-tiles) that can be read without the gateway.
 *
 * A round, and what is true after a crash behind each step:
 *   1. full tiles and bundles      put once, so a second try finds them there and the same
 *   2. partial tiles and bundles   nothing refers to them yet
 *   3. `checkpoint`                readers see the new size, and everything it needs is there
 *   4. `checkpoints/<size>`        once a minute: the anchor that cannot be replaced
 *   5. the cursor                  the next round begins here; without it, at the old place again
 *   6. partials that became full are removed; what a crash leaves of them is harmless
 */
import { NocturneError } from '../../lib/errors.js'
import type { State } from '../../state/index.js'
import type { LogFiles } from '../../store/index.js'
import { checkAnchor } from './anchor.js'
import { createCursor, PUBLISHED } from './cursor.js'
import type { Cursor } from './cursor.js'
import { CHECKPOINT, formatBundle, keptPath, partialsPath, tilePath } from './layout.js'
import { HASH_BYTES, partialTile, partialWidth, TILE_WIDTH } from '../verify/merkle.js'
import { isPruned, readPruned } from '../retention/pruned.js'
import { readEntries, readHead } from '../log/read.js'
import { readTile } from '../log/tiles.js'

export interface Publisher {
  /**
   * Publishes what is new. Answers the size that is published now; undefined while another gateway
   * does it.
   */
  publish(): Promise<number | undefined>
}

export interface PublisherOptions {
  readonly state: State
  readonly files: LogFiles
  readonly verifierKey: string
  /** Of this gateway's process; any text that no other has. */
  readonly holder: string
  readonly now: () => number
  /** For how long what cannot change any more is locked, from now on, in milliseconds. */
  readonly keepMs: number
}

/**
 * An object each: once a minute bounds their number, and what a rolled-back `checkpoint` could
 * hide.
 */
const KEEP_EVERY_MS = 60_000

export function createPublisher(options: PublisherOptions): Publisher {
  const { state, files, verifierKey, holder, now } = options
  const cursor = createCursor(state, PUBLISHED, holder, now)
  let published: number | undefined
  let keptAt = -Infinity

  /**
   * @throws NocturneError `ledger_rolled_back`, `store_unavailable`, `store_full`,
   * `database_unavailable`
   */
  const publish = async (): Promise<number | undefined> => {
    // One query, most often; two gateways that publish at once do each other no harm, and one is
    // enough.
    if (published === (await readHead(state.db)).size) return published
    const from = await cursor.take()
    if (from === undefined) return undefined
    try {
      const scope = published === undefined ? 'kept too' : 'newest'
      const anchor = await checkAnchor(state, files, verifierKey, scope)
      const head = await readHead(state.db)
      if (anchor?.signed !== head.checkpoint) {
        // An empty place, a new bucket for one, gets all of it.
        const start = anchor ? Math.min(from, anchor.size) : 0
        const filled = await putFull(options, cursor, start, head.size)
        await putPartials(options, head.size)
        await files.replace(CHECKPOINT, Buffer.from(head.checkpoint))
        if (now() - keptAt >= KEEP_EVERY_MS) {
          await putOnce(options, keptPath(head.size), Buffer.from(head.checkpoint))
          keptAt = now()
        }
        await cursor.advance(head.size)
        for (const [level, n] of filled) await files.removeFolder(partialsPath(level, n))
      }
      published = head.size
      return published
    } finally {
      await cursor.release().catch(() => undefined)
    }
  }
  return { publish }
}

type Place = readonly [level: number | 'entries', n: number]

/**
 * Steps 1: every tile that filled up between the two sizes. Answers the ones whose partial forms
 * are done with.
 */
async function putFull(
  options: PublisherOptions,
  cursor: Cursor,
  from: number,
  size: number,
): Promise<readonly Place[]> {
  const { state } = options
  const filled: Place[] = []
  for (let n = partialTile(from, 0); n < partialTile(size, 0); n++) {
    const bundle = await bundleOf(options, n, TILE_WIDTH)
    if (bundle) await putOnce(options, tilePath('entries', n), bundle)
    // At every level that this tile of leaves was the last one missing of.
    const leaves = (n + 1) * TILE_WIDTH
    for (let level = 0; leaves % TILE_WIDTH ** (level + 1) === 0; level++) {
      const above = leaves / TILE_WIDTH ** (level + 1) - 1
      const hashes = await readTile(state.db, level, above)
      if (hashes?.length !== TILE_WIDTH * HASH_BYTES) throw new NocturneError('ledger_broken')
      await putOnce(options, tilePath(level, above), hashes)
      filled.push([level, above])
    }
    filled.push(['entries', n])
    // A long way to catch up is not begun anew: everything before the next bundle is there.
    if (n % 16 === 15 && !(await cursor.advance(leaves)))
      throw new NocturneError('ledger_unavailable')
  }
  // Only those that had a partial form when it was published last.
  return filled.filter(([level, n]) => n === partialTile(from, level === 'entries' ? 0 : level))
}

async function putPartials(options: PublisherOptions, size: number): Promise<void> {
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const [n, width] = [partialTile(size, level), partialWidth(size, level)]
    if (width === 0) continue
    const hashes = await readTile(options.state.db, level, n)
    if (!hashes || hashes.length < width * HASH_BYTES) throw new NocturneError('ledger_broken')
    const bytes = hashes.subarray(0, width * HASH_BYTES)
    await putOnce(options, tilePath(level, n, width), bytes, false)
    if (level > 0) continue
    const bundle = await bundleOf(options, n, width)
    if (!bundle) throw new NocturneError('ledger_broken')
    await putOnce(options, tilePath('entries', n, width), bundle, false)
  }
}

/**
 * Undefined for one that was pruned, when the log is published anew.
 * @throws NocturneError `ledger_broken`
 */
async function bundleOf(
  { state }: PublisherOptions,
  n: number,
  width: number,
): Promise<Buffer | undefined> {
  const entries: Buffer[] = []
  const first = n * TILE_WIDTH
  for await (const { index, bytes } of readEntries(state.db, first, first + width)) {
    if (index !== first + entries.length) throw new NocturneError('ledger_broken')
    entries.push(bytes)
  }
  if (entries.length === 0 && isPruned(await readPruned(state.db), first)) return undefined
  if (entries.length !== width) throw new NocturneError('ledger_broken')
  return Buffer.from(formatBundle(entries))
}

/**
 * @throws NocturneError `ledger_rolled_back` when something else was published there: a log has one
 * history.
 */
async function putOnce(
  { files, now, keepMs }: PublisherOptions,
  path: string,
  bytes: Buffer,
  isFinal = true,
): Promise<void> {
  const until = isFinal ? new Date(now() + keepMs) : undefined
  if (await files.putOnce(path, bytes, until)) return
  throw new NocturneError('ledger_rolled_back', { subject: `log/${path} holds something else` })
}
