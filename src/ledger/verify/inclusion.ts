/**
 * Verifies the proofs that `path.ts` makes (RFC 9162 sections 2.1.3.2 and 2.1.4.2), on Node and in
 * browsers.
 */
import type { LedgerCrypto } from './crypto.js'
import { isSameBytes } from './encoding.js'
import { leafInput, nodeInput } from './merkle.js'

/** Whether `entry` is at `index` in the tree with that size and root. */
export async function verifyInclusion(
  crypto: LedgerCrypto,
  tree: { readonly size: number; readonly root: Uint8Array },
  index: number,
  entry: Uint8Array,
  path: readonly Uint8Array[],
): Promise<boolean> {
  if (index >= tree.size) return false
  let [fn, sn] = [index, tree.size - 1]
  let hash = await crypto.sha256(leafInput(entry))
  for (const sibling of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = await crypto.sha256(nodeInput(sibling, hash))
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)]
    } else hash = await crypto.sha256(nodeInput(hash, sibling))
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && isSameBytes(hash, tree.root)
}

/** Whether the newer tree is an extension of the older one. */
export async function verifyConsistency(
  crypto: LedgerCrypto,
  older: { readonly size: number; readonly root: Uint8Array },
  newer: { readonly size: number; readonly root: Uint8Array },
  path: readonly Uint8Array[],
): Promise<boolean> {
  if (older.size > newer.size) return false
  if (older.size === newer.size) return path.length === 0 && isSameBytes(older.root, newer.root)
  if (older.size === 0) return path.length === 0
  const hashes = isPowerOfTwo(older.size) ? [older.root, ...path] : path
  const [first, ...rest] = hashes
  if (!first) return false
  let [fn, sn] = [older.size - 1, newer.size - 1]
  while (fn % 2 === 1) [fn, sn] = [(fn - 1) / 2, Math.floor(sn / 2)]
  let [old, now] = [first, first]
  for (const sibling of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      old = await crypto.sha256(nodeInput(sibling, old))
      now = await crypto.sha256(nodeInput(sibling, now))
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)]
    } else now = await crypto.sha256(nodeInput(now, sibling))
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && isSameBytes(old, older.root) && isSameBytes(now, newer.root)
}

function isPowerOfTwo(n: number): boolean {
  while (n % 2 === 0) n /= 2
  return n === 1
}
