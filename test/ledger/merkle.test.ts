import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { verifyConsistency, verifyInclusion } from '../../src/ledger/verify/inclusion.js'
import {
  createFrontier,
  leafInput,
  nodeInput,
  partialTile,
  partialWidth,
  splitHashes,
  TILE_WIDTH,
  tileRows,
} from '../../src/ledger/verify/merkle.js'
import type { Frontier, Tile } from '../../src/ledger/verify/merkle.js'
import { nodeCrypto, sha256 } from '../../src/ledger/verify/node-crypto.js'
import { createTree } from '../../src/ledger/verify/path.js'
import * as naive from './_naive.js'

/** The leaves and roots of the test tree used by certificate-transparency-go and Trillian. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'))
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const leaf = (i: number): Buffer => Buffer.from(`entry ${i}`)
const leaves = (size: number): Buffer[] => Array.from({ length: size }, (_, i) => leaf(i))
const leafHash = (entry: Uint8Array): Uint8Array => sha256(leafInput(entry))
const key = (level: number, n: number): string => `${level}/${n}`

/** Appends the entries one by one to a store of tiles, as the database would hold them. */
function build(entries: readonly Uint8Array[]) {
  const frontier = createFrontier(sha256, 0, [])
  const tiles = new Map<string, Buffer>()
  const put = ({ level, n, hashes }: Tile) => tiles.set(key(level, n), Buffer.concat(hashes))
  for (const entry of entries) frontier.append(leafHash(entry)).forEach(put)
  frontier.partials().forEach(put)
  const readNode = (height: number, index: number) => {
    const [level, row] = [Math.floor(height / 8), height % 8]
    const n = Math.floor((index * 2 ** row) / TILE_WIDTH)
    const rows = tileRows(sha256, splitHashes(tiles.get(key(level, n))!))
    return Promise.resolve(rows[row]![index - (n * TILE_WIDTH) / 2 ** row]!)
  }
  return { frontier, tiles, treeOf: (size: number) => createTree(sha256, size, readNode) }
}

describe('the Merkle tree', () => {
  it('has the roots of the known test tree', () => {
    ROOTS.forEach((root, size) => {
      expect(build(LEAVES.slice(0, size)).frontier.root()).toEqual(Buffer.from(root, 'hex'))
    })
  })

  it('has the roots and tiles of the second implementation, at every edge of a tile', () => {
    for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 1023, 1025]) {
      const all = leaves(size)
      const { frontier, tiles } = build(all)
      expect(frontier.root()).toEqual(naive.mth(all))
      for (const [name, hashes] of tiles) {
        const [level, n] = name.split('/').map(Number)
        expect(hashes.equals(naive.tile(level!, n!, all))).toBe(true)
      }
    }
  })

  it('has as many tiles as the specification states for 70,000 entries', () => {
    const { tiles } = build(leaves(70_000))
    const widths = (level: number) =>
      [...tiles]
        .filter(([name]) => name.startsWith(`${level}/`))
        .map(([, hashes]) => hashes.length / 32)
    expect(widths(0).filter((width) => width === 256)).toHaveLength(273)
    expect(widths(0).filter((width) => width < 256)).toEqual([112])
    expect(widths(1)).toEqual([256, 17])
    expect(widths(2)).toEqual([1])
    expect([partialWidth(70_000, 0), partialWidth(70_000, 1), partialTile(70_000, 1)]).toEqual([
      112, 17, 1,
    ])
  })

  it('continues from its partial tiles as if it had never stopped', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1200 }),
        fc.integer({ min: 0, max: 300 }),
        (size, more) => {
          const whole = build(leaves(size + more)).frontier.root()
          const levels: (Uint8Array[] | undefined)[] = []
          for (const { level, hashes } of build(leaves(size)).frontier.partials())
            levels[level] = [...hashes]
          const again: Frontier = createFrontier(
            sha256,
            size,
            Array.from(levels, (hashes) => hashes ?? []),
          )
          const copy = again.copy()
          for (let i = size; i < size + more; i++) again.append(leafHash(leaf(i)))
          expect(again.root()).toEqual(whole)
          expect(copy.size).toBe(size)
          expect(copy.root()).toEqual(build(leaves(size)).frontier.root())
        },
      ),
      { numRuns: 30 },
    )
  })

  const sizes = fc.integer({ min: 1, max: 700 })

  it('proves inclusion as the second implementation does, for the newest tree and older ones', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, fc.nat(), async (a, b, at) => {
        const [size, newest] = [Math.min(a, b), Math.max(a, b)]
        const index = at % size
        const all = leaves(newest)
        const tree = build(all).treeOf(size)
        const root = await tree.root()
        const path = await tree.inclusion(index)
        expect(root).toEqual(naive.mth(all.slice(0, size)))
        expect(path).toEqual(naive.path(index, all.slice(0, size)))
        const check = (entry: Buffer, where: number, hashes: readonly Uint8Array[]) =>
          verifyInclusion(nodeCrypto, { size, root }, where, entry, hashes)
        expect(await check(leaf(index), index, path)).toBe(true)
        expect(await check(leaf(index + 1), index, path)).toBe(false)
        expect(await check(leaf(index), size, path)).toBe(false)
        expect(await check(leaf(index), index, [...path, root])).toBe(false)
        if (path.length > 0) {
          expect(await check(leaf(index), index, path.slice(1))).toBe(false)
          expect(await check(leaf(index), index, path.slice(0, -1))).toBe(false)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('proves consistency as the second implementation does, and with no other tree', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (a, b) => {
        const [old, size] = [Math.min(a, b), Math.max(a, b)]
        const all = leaves(size)
        const { treeOf } = build(all)
        const path = await treeOf(size).consistency(old)
        expect(path).toEqual(naive.proof(old, all))
        const older = { size: old, root: naive.mth(all.slice(0, old)) }
        const newer = { size, root: naive.mth(all) }
        const other = { size: old, root: sha256(older.root) }
        expect(await verifyConsistency(nodeCrypto, older, newer, path)).toBe(true)
        expect(await verifyConsistency(nodeCrypto, other, newer, path)).toBe(false)
        expect(await verifyConsistency(nodeCrypto, older, newer, [...path, newer.root])).toBe(false)
        if (old < size) {
          expect(await verifyConsistency(nodeCrypto, newer, older, path)).toBe(false)
          expect(await verifyConsistency(nodeCrypto, older, newer, path.slice(1))).toBe(false)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('distinguishes a leaf from a node with the same bytes', () => {
    const [left, right] = [sha256(Buffer.from('l')), sha256(Buffer.from('r'))]
    expect(leafHash(Buffer.concat([left, right]))).not.toEqual(sha256(nodeInput(left, right)))
  })
})
