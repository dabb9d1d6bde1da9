/** File paths in a published log (c2sp.org/tlog-tiles), and the format of an entry bundle. */
import { concat } from '../../lib/bytes.js'
import { TILE_WIDTH } from '../verify/merkle.js'

/** The newest checkpoint, which is replaced each time. */
export const CHECKPOINT = 'checkpoint'
/**
 * Folder of kept checkpoints, each named by its size in 16 digits, so that names sort by size. Not
 * part of C2SP.
 */
export const KEPT = 'checkpoints'

export const keptName = (size: number): string => String(size).padStart(16, '0')
export const keptPath = (size: number): string => `${KEPT}/${keptName(size)}`

/**
 * `tile/0/x001/x234/067`, with `.p/W` appended for a partial tile. `level` is `entries` for a
 * bundle.
 */
export function tilePath(level: number | 'entries', n: number, width: number = TILE_WIDTH): string {
  const groups: string[] = []
  for (let rest = n; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1_000))
    groups.unshift(`${groups.length === 0 ? '' : 'x'}${String(rest % 1_000).padStart(3, '0')}`)
  const suffix = width < TILE_WIDTH ? `.p/${width}` : ''
  return `tile/${level}/${groups.join('/')}${suffix}`
}

/** The folder with the partial versions of a tile. */
export const partialsPath = (level: number | 'entries', n: number): string =>
  `${tilePath(level, n)}.p`

/** Writes each entry after its length, a big-endian uint16. */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concat(
    entries.flatMap((entry) => [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]),
  )
}

/** Undefined when the bytes end in the middle of an entry. */
export function parseBundle(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const [high, low] = [bytes[at], bytes[at + 1]]
    if (high === undefined || low === undefined) return undefined
    const end = at + 2 + high * 256 + low
    if (end > bytes.length) return undefined
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries
}
