/**
 * Verifies a published log (c2sp.org/tlog-tiles) in a bucket, a folder, or a copy of either. Uses
 * no Node modules.
 */
import { openCheckpoint } from './checkpoint.js'
import type { Checkpoint } from './checkpoint.js'
import type { LedgerCrypto, SyncLedgerCrypto } from './crypto.js'
import { fromUtf8, isSameBytes, parseCount, toBase64 } from './encoding.js'
import { CHECKPOINT, KEPT, parseBundle, tilePath } from '../published/layout.js'
import type { VerifyReport } from '../log/contract.js'
import { TILE_WIDTH } from './merkle.js'
import type { Frontier } from './merkle.js'
import { recompute, worstOf } from './recompute.js'
import type { LogSource } from './recompute.js'

/** A published log, however it is accessed. */
export interface PublishedLog {
  read(path: string): Promise<Uint8Array | undefined>
  /** Names directly in a folder, in ascending order. */
  names(folder: string): AsyncIterable<string>
}

/**
 * Recomputes everything from the entry bundles: the tiles, the root that `checkpoint` signs, and
 * the root at the size of every kept checkpoint, so that a rewritten history is found at the point
 * where it diverges.
 *
 * @param trustedKey the verifier key of the log, obtained independently
 */
export async function verifyPublished(
  log: PublishedLog,
  trustedKey: string,
  crypto: SyncLedgerCrypto,
): Promise<VerifyReport> {
  const fail = (problem: string, badIndex?: number): VerifyReport => ({
    ok: false,
    size: 0,
    root: '',
    problem,
    ...(badIndex !== undefined && { badIndex }),
  })
  const signed = await log.read(CHECKPOINT)
  if (!signed) return fail('there is no checkpoint')
  const { checkpoint, problem } = await openCheckpoint(fromUtf8(signed) ?? '', trustedKey, crypto)
  if (!checkpoint) return fail(problem)
  const kept = await readKept(log, trustedKey, crypto)
  if ('problem' in kept) return fail(kept.problem)
  const beyond = kept.sizes.find((size) => size > checkpoint.size)
  if (beyond !== undefined)
    return fail('the newest checkpoint is older than a retained one', checkpoint.size)

  let forked: number | undefined
  const { frontier, faults, pruned } = await recompute(
    publishedSource(log),
    checkpoint.size,
    (bytes) => crypto.sha256(bytes),
    (tree: Frontier) => {
      const known = kept.roots.get(tree.size)
      if (known && !isSameBytes(known, tree.root())) forked ??= tree.size
    },
  )
  const root = frontier.root()
  const isSigned = frontier.size === checkpoint.size && isSameBytes(root, checkpoint.root)
  const worst = worstOf(faults, isSigned)
  const report = {
    size: frontier.size,
    root: toBase64(root),
    ...(pruned.length > 0 && { pruned }),
  }
  if (worst) return { ...report, ok: false, ...worst }
  if (!isSigned)
    return { ...report, ok: false, problem: 'the entries do not match the signed root' }
  if (forked !== undefined) {
    const text =
      'a retained checkpoint belongs to a different history; the index is that of its last entry'
    return { ...report, ok: false, problem: text, badIndex: forked - 1 }
  }
  return { ...report, ok: true }
}

/** Reads a tile or bundle in full, or in the partial version that has the requested width. */
export const publishedSource = (log: PublishedLog): LogSource => {
  const read = async (level: number | 'entries', n: number, width: number) =>
    (await log.read(tilePath(level, n))) ??
    (width < TILE_WIDTH ? await log.read(tilePath(level, n, width)) : undefined)
  return {
    tile: read,
    entries: async (first, width) => {
      const bundle = await read('entries', first / TILE_WIDTH, width)
      const entries = bundle && parseBundle(bundle)
      return Array.from({ length: width }, (_, i) => {
        const bytes = entries?.[i]
        return bytes && { bytes, isIndexed: true }
      })
    },
  }
}

interface Kept {
  readonly sizes: readonly number[]
  readonly roots: ReadonlyMap<number, Checkpoint['root']>
}

async function readKept(
  log: PublishedLog,
  trustedKey: string,
  crypto: LedgerCrypto,
): Promise<Kept | { readonly problem: string }> {
  const roots = new Map<number, Uint8Array>()
  for await (const name of log.names(KEPT)) {
    const bytes = await log.read(`${KEPT}/${name}`)
    const opened = await openCheckpoint(
      fromUtf8(bytes ?? new Uint8Array()) ?? '',
      trustedKey,
      crypto,
    )
    const size = parseCount(name.replace(/^0+(?=.)/, ''))
    if (!opened.checkpoint || opened.checkpoint.size !== size)
      return { problem: 'a retained checkpoint was changed' }
    roots.set(size, opened.checkpoint.root)
  }
  return { sizes: [...roots.keys()], roots }
}
