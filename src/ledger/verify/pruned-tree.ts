/**
 * `nocturne-pruned-tree/v1`: one proof for many entries of a log (see README.md). It describes the
 * tree from the root down to the entries shown; every branch without such an entry is reduced to
 * its hash. A verifier that has the entries reads it in one pass, holds one branch in memory, and
 * finds the first wrong entry. Uses no Node modules.
 */
import type { LedgerCrypto } from './crypto.js'
import { fromBase64, isSameBytes, toBase64 } from './encoding.js'
import { nodeInput } from './merkle.js'

export const PRUNED_TREE_FORMAT = 'nocturne-pruned-tree/v1'

/** Number of tree levels per line: half the height of a tile. */
const STEP = 4
/**
 * A tree of 2^53 leaves has at most this many complete subtrees side by side, and no line holds
 * more hashes than that.
 */
const MAX_PEAKS = 53

interface Subtree {
  /** The subtree covers the `2^height` leaves from `index * 2^height`. */
  readonly height: number
  readonly index: number
}

export interface ShownLeaf {
  readonly index: number
  readonly hash: Uint8Array
}

/** Which entries are shown: one bit per entry of the log. */
export interface ShownSet {
  add(index: number): void
  hasAny(from: number, until: number): boolean
}

export function createShownSet(size: number): ShownSet {
  const bits = new Uint8Array(Math.ceil(size / 8))
  const has = (index: number) => ((bits[Math.floor(index / 8)] ?? 0) & (1 << (index % 8))) !== 0
  return {
    add: (index) => {
      const at = Math.floor(index / 8)
      bits[at] = (bits[at] ?? 0) | (1 << (index % 8))
    },
    hasAny: (from, until) => {
      let at = from
      while (at < until) {
        if (at % 8 === 0 && at + 8 <= until) {
          if (bits[at / 8] !== 0) return true
          at += 8
        } else {
          if (has(at)) return true
          at += 1
        }
      }
      return false
    },
  }
}

/** The complete subtrees that make up a tree of `size` leaves, largest first. */
function peaksOf(size: number): readonly Subtree[] {
  const peaks: Subtree[] = []
  let from = 0
  for (let height = 52; height >= 0; height--) {
    const width = 2 ** height
    if (Math.floor(size / width) % 2 === 0) continue
    peaks.push({ height, index: from / width })
    from += width
  }
  return peaks
}

/** Levels between a subtree's line and the line below it: down to the next multiple of `STEP`. */
const stepOf = (height: number): number => ((height - 1) % STEP) + 1

/**
 * @param readNode returns the hash of a complete subtree of the log
 */
export async function* prunedTree(
  size: number,
  shown: ShownSet,
  readNode: (height: number, index: number) => Promise<Uint8Array>,
): AsyncGenerator<string> {
  const isShown = ({ height, index }: Subtree) =>
    shown.hasAny(index * 2 ** height, (index + 1) * 2 ** height)
  const peaks = peaksOf(size)
  const hashes: string[] = []
  for (const { height, index } of peaks) hashes.push(toBase64(await readNode(height, index)))
  yield [PRUNED_TREE_FORMAT, maskOf(peaks.map(isShown)), ...hashes].join(' ') + '\n'

  async function* below(top: Subtree): AsyncGenerator<string> {
    if (top.height === 0) return
    const step = stepOf(top.height)
    const height = top.height - step
    const slots = Array.from({ length: 2 ** step }, (_, i): Subtree => {
      return { height, index: top.index * 2 ** step + i }
    })
    const mask = maskOf(slots.map(isShown))
    const cover: string[] = []
    for (const { at, width } of coverOf(mask)) {
      const up = Math.log2(width)
      const index = (top.index * 2 ** step + at) / width
      cover.push(toBase64(await readNode(height + up, index)))
    }
    yield [top.height, top.index, mask, ...cover].join(' ') + '\n'
    for (const [i, slot] of slots.entries()) if (mask[i] === '1') yield* below(slot)
  }
  for (const peak of peaks) if (isShown(peak)) yield* below(peak)
}

const maskOf = (shown: readonly boolean[]): string => shown.map((is) => (is ? '1' : '0')).join('')

interface Covered {
  /** The first slot. */
  readonly at: number
  /** Number of slots, a power of two. */
  readonly width: number
}

/** Covers each shown slot individually, and the others with the largest possible subtrees. */
function coverOf(mask: string, at = 0, width = mask.length): readonly Covered[] {
  if (width === 1 || !mask.slice(at, at + width).includes('1')) return [{ at, width }]
  const half = width / 2
  return [...coverOf(mask, at, half), ...coverOf(mask, at + half, half)]
}

export type LeafOrProblem =
  | { readonly leaf: ShownLeaf }
  | { readonly leaf?: undefined; readonly problem: string; readonly from?: number }

/**
 * Walks down from the signed root and yields the hash of every leaf that is shown, in order; each
 * has been verified against the root when it is yielded. If there is a problem, it is the last
 * value, with the first leaf affected.
 */
export async function* shownLeaves(
  lines: AsyncIterator<string>,
  tree: { readonly size: number; readonly root: Uint8Array },
  crypto: LedgerCrypto,
): AsyncGenerator<LeafOrProblem> {
  const nextWords = async (): Promise<readonly string[]> => {
    const line = await lines.next()
    return line.done === true ? [] : line.value.split(' ')
  }
  const peaks = peaksOf(tree.size)
  const [format, peakMask = '', ...encodedPeaks] = await nextWords()
  if (format !== PRUNED_TREE_FORMAT) {
    yield { problem: 'the proof is malformed' }
    return
  }
  // A tree of another size has other peaks, or another number of them.
  const peakHashes = parseHashes(encodedPeaks, peaks.length)
  if (
    !peakHashes ||
    !isMask(peakMask, peaks.length) ||
    !isSameBytes(await foldPeaks(peakHashes, crypto), tree.root)
  ) {
    yield { problem: 'the proof does not lead to the signed root' }
    return
  }

  const stack: (Subtree & { readonly hash: Uint8Array })[] = []
  const pushShown = (tops: readonly (Subtree & { readonly hash: Uint8Array })[]) =>
    stack.push(...[...tops].reverse())
  pushShown(withHashes(peaks, peakMask, peakHashes))
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { height, index, hash } = top
    if (height === 0) {
      yield { leaf: { index, hash } }
      continue
    }
    const below = await expand(await nextWords(), top, crypto)
    if (!below) {
      yield { problem: 'the proof was changed', from: index * 2 ** height }
      return
    }
    pushShown(below)
  }
  if ((await lines.next()).done !== true) yield { problem: 'the proof continues past its end' }
}

/**
 * The subtrees that a line shows below its top, or undefined when the line does not hash to the
 * top.
 */
async function expand(
  words: readonly string[],
  top: Subtree & { readonly hash: Uint8Array },
  crypto: LedgerCrypto,
): Promise<readonly (Subtree & { readonly hash: Uint8Array })[] | undefined> {
  const [height, index, mask = '', ...encoded] = words
  const step = stepOf(top.height)
  const width = 2 ** step
  if (height !== String(top.height) || index !== String(top.index)) return undefined
  if (!isMask(mask, width) || !mask.includes('1')) return undefined
  const cover = coverOf(mask)
  const hashes = parseHashes(encoded, cover.length)
  if (!hashes) return undefined
  const byPlace = new Map(cover.map(({ at, width }, i) => [`${at} ${width}`, hashes[i]]))
  const fold = async (at: number, span: number): Promise<Uint8Array> => {
    const known = byPlace.get(`${at} ${span}`)
    if (known) return known
    const half = span / 2
    return crypto.sha256(nodeInput(await fold(at, half), await fold(at + half, half)))
  }
  if (!isSameBytes(await fold(0, width), top.hash)) return undefined
  const slots = Array.from({ length: width }, (_, i): Subtree => {
    return { height: top.height - step, index: top.index * width + i }
  })
  return withHashes(
    slots,
    mask,
    slots.map((_, i) => byPlace.get(`${i} 1`)),
  )
}

/** Pairs the subtrees that the mask shows with their hashes. */
const withHashes = (
  subtrees: readonly Subtree[],
  mask: string,
  hashes: readonly (Uint8Array | undefined)[],
) =>
  subtrees.flatMap((subtree, i) => {
    const hash = hashes[i]
    return mask[i] === '1' && hash ? [{ ...subtree, hash }] : []
  })

const isMask = (mask: string, length: number): boolean =>
  mask.length === length && /^[01]*$/.test(mask)

function parseHashes(encoded: readonly string[], count: number): readonly Uint8Array[] | undefined {
  if (encoded.length !== count || count > MAX_PEAKS) return undefined
  const hashes = encoded.map(fromBase64)
  return hashes.every((hash) => hash?.length === 32)
    ? hashes.filter((hash) => hash !== undefined)
    : undefined
}

/**
 * Computes the root of an incomplete tree by combining its complete subtrees from the right (RFC
 * 6962 section 2.1).
 */
async function foldPeaks(hashes: readonly Uint8Array[], crypto: LedgerCrypto): Promise<Uint8Array> {
  const [last, ...rest] = [...hashes].reverse()
  if (!last) return crypto.sha256(new Uint8Array())
  let root = last
  for (const left of rest) root = await crypto.sha256(nodeInput(left, root))
  return root
}
