/**
 * Publishes the log as static files (c2sp.org/tlog-tiles) that can be read without the gateway.
 *
 * The steps of a round, and what is true after a crash following each step:
 * 1. Put full tiles and bundles. They are written once; the next round finds them unchanged.
 * 2. Put partial tiles and bundles. Nothing refers to them yet.
 * 3. Replace `checkpoint`. Readers see the new size, and everything it needs exists.
 * 4. Once a minute, put `checkpoints/<size>`, the anchor that cannot be replaced.
 * 5. Advance the cursor. The next round starts here; without this step, at the old position.
 * 6. Remove partial versions of tiles that became full. Leftovers are harmless.
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
   * Publishes what is new and returns the published size; undefined while another gateway is
   * publishing.
   */
  publish(): Promise<number | undefined>
}

export interface PublisherOptions {
  readonly state: State
  readonly files: LogFiles
  readonly verifierKey: string
  /** Identifies this gateway's process; must be unique. */
  readonly holder: string
  readonly now: () => number
  /** How long finished files are locked from now on, in milliseconds. */
  readonly keepMs: number
}

/**
 * Each kept checkpoint is an object. Once a minute limits both their number and how much a
 * rolled-back `checkpoint` could hide.
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
    // Usually there is nothing to do, and this one query finds out. Two gateways publishing at once
    // do no harm; one is enough.
    if (published === (await readHead(state.db)).size) return published
    const from = await cursor.take()
    if (from === undefined) return undefined
    try {
      const scope = published === undefined ? 'kept too' : 'newest'
      const anchor = await checkAnchor(state, files, verifierKey, scope)
      const head = await readHead(state.db)
      if (anchor?.signed !== head.checkpoint) {
        // An empty place, such as a new bucket, gets the whole log.
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
 * Step 1: puts every tile that became full between the two sizes. Returns those whose partial
 * versions are no longer needed.
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
    // This also fills higher-level tiles for which this was the last missing tile.
    const leaves = (n + 1) * TILE_WIDTH
    for (let level = 0; leaves % TILE_WIDTH ** (level + 1) === 0; level++) {
      const above = leaves / TILE_WIDTH ** (level + 1) - 1
      const hashes = await readTile(state.db, level, above)
      if (hashes?.length !== TILE_WIDTH * HASH_BYTES) throw new NocturneError('ledger_broken')
      await putOnce(options, tilePath(level, above), hashes)
      filled.push([level, above])
    }
    filled.push(['entries', n])
    // Saves progress, so that a long catch-up does not start over: everything before the next
    // bundle is stored.
    if (n % 16 === 15 && !(await cursor.advance(leaves)))
      throw new NocturneError('ledger_unavailable')
  }
  // Only tiles that had a partial version when last published.
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
 * Undefined for a bundle that was pruned, when the log is published anew.
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
 * @throws NocturneError `ledger_rolled_back` when different content is already there: a log has
 *   only one history
 */
async function putOnce(
  { files, now, keepMs }: PublisherOptions,
  path: string,
  bytes: Buffer,
  isFinal = true,
): Promise<void> {
  const until = isFinal ? new Date(now() + keepMs) : undefined
  if (await files.putOnce(path, bytes, until)) return
  throw new NocturneError('ledger_rolled_back', {
    subject: `log/${path} already has different content`,
  })
}
