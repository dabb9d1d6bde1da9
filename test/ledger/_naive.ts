/**
 * A second implementation of the tree, following the text of RFC 6962 section 2.1 and
 * c2sp.org/tlog-tiles: recursive over all leaves, and sharing no code with the one under test.
 */
import { createHash } from 'node:crypto'

const sha = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const k = (n: number): number => 2 ** (Math.ceil(Math.log2(n)) - 1)

export function mth(d: readonly Uint8Array[]): Buffer {
  if (d.length === 0) return sha()
  if (d.length === 1) return sha(Buffer.from([0]), d[0]!)
  const split = k(d.length)
  return sha(Buffer.from([1]), mth(d.slice(0, split)), mth(d.slice(split)))
}

export function path(m: number, d: readonly Uint8Array[]): Buffer[] {
  if (d.length === 1) return []
  const split = k(d.length)
  return m < split
    ? [...path(m, d.slice(0, split)), mth(d.slice(split))]
    : [...path(m - split, d.slice(split)), mth(d.slice(0, split))]
}

export const proof = (m: number, d: readonly Uint8Array[]): Buffer[] => subproof(m, d, true)

function subproof(m: number, d: readonly Uint8Array[], b: boolean): Buffer[] {
  if (m === d.length) return b ? [] : [mth(d)]
  const split = k(d.length)
  return m <= split
    ? [...subproof(m, d.slice(0, split), b), mth(d.slice(split))]
    : [...subproof(m - split, d.slice(split), false), mth(d.slice(0, split))]
}

/**
 * The n-th tile of a level: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]) for each
 * existing i.
 */
export function tile(l: number, n: number, d: readonly Uint8Array[]): Buffer {
  const hashes: Buffer[] = []
  for (let i = 0; i < 256; i++) {
    const [start, end] = [(n * 256 + i) * 256 ** l, (n * 256 + i + 1) * 256 ** l]
    if (end <= d.length) hashes.push(mth(d.slice(start, end)))
  }
  return Buffer.concat(hashes)
}
