import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Uint8ArrayReader } from '@zip.js/zip.js/index-native.js'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../src/lib/json.js'
import type { Json } from '../../src/lib/json.js'
import { openZip, zipOf } from '../../src/lib/zip.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { verifyPackage } from '../../src/ledger/verify/verify-package.js'
import type { ExportQuery } from '../../src/ledger/export/export.js'
import type { PackageFormat } from '../../src/ledger/export/renderings.js'
import { createShownSet, prunedTree, shownLeaves } from '../../src/ledger/verify/pruned-tree.js'
import { mth } from './_naive.js'
import { fillMixed, GATEWAY, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'
import { asFiles, filesOf, packed } from './_package.js'
import type { Files } from './_package.js'

async function* each<T>(values: Iterable<T>): AsyncGenerator<T> {
  for (const value of values) yield await Promise.resolve(value)
}

describe('a pruned tree', () => {
  const SIZE = 1_100
  const leaves = Array.from({ length: SIZE }, (_, i) => Buffer.from(`entry ${i}`))
  const leafHash = (i: number) =>
    createHash('sha256').update(Buffer.of(0)).update(leaves[i]!).digest()
  const known = new Map<string, Buffer>()
  const node = (height: number, index: number) => {
    const key = `${height} ${index}`
    const hash = known.get(key) ?? mth(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height))
    known.set(key, hash)
    return Promise.resolve(hash)
  }
  const proofOf = async (size: number, shown: readonly number[]) => {
    const set = createShownSet(size)
    for (const index of shown) set.add(index)
    const lines: string[] = []
    for await (const line of prunedTree(size, set, node)) lines.push(line.slice(0, -1))
    return lines
  }
  const walk = async (size: number, lines: readonly string[]) => {
    const answers = []
    const tree = { size, root: mth(leaves.slice(0, size)) }
    for await (const answer of shownLeaves(each(lines), tree, nodeCrypto)) answers.push(answer)
    return answers
  }
  const sizes = fc.integer({ min: 0, max: SIZE })

  it('shows exactly the requested leaves, each with its hash, in trees of any size', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.float({ min: 0, max: 1, noNaN: true }), async (size, share) => {
        const shown = leaves.flatMap((_, i) =>
          i < size && (i * 7919) % 1000 < share * 1000 ? [i] : [],
        )
        const answers = await walk(size, await proofOf(size, shown))
        expect(answers).toEqual(
          shown.map((index) => ({ leaf: { index, hash: new Uint8Array(leafHash(index)) } })),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('holds little more than one hash per entry when all are shown, and little more than one path when one is', async () => {
    const hashesIn = (lines: readonly string[]) => lines.join(' ').match(/\S{44}/g)?.length ?? 0
    const all = Array.from({ length: 1024 }, (_, i) => i)
    expect(hashesIn(await proofOf(1024, all))).toBeLessThan(1024 * 1.1)
    expect(hashesIn(await proofOf(1024, [300]))).toBeLessThan(10 * 1.5)
  })

  it('is refused when a character is changed, or a line is dropped, repeated or moved', async () => {
    const shown = [3, 4, 300, 301, 302, 900, 1_099]
    const lines = await proofOf(SIZE, shown)
    const isWhole = async (changed: readonly string[]) => {
      const answers = await walk(SIZE, changed)
      return answers.length === shown.length && answers.every(({ leaf }) => leaf)
    }
    expect(await isWhole(lines)).toBe(true)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.constantFrom('A', '1', ' ', '='),
        async (l, c, to) => {
          const line = lines[l % lines.length]!
          const at = c % line.length
          const changed = line.slice(0, at) + to + line.slice(at + 1)
          fc.pre(changed !== line)
          expect(await isWhole(lines.with(l % lines.length, changed))).toBe(false)
        },
      ),
      { numRuns: 150 },
    )
    for (const [i, line] of lines.entries()) {
      expect(await isWhole(lines.toSpliced(i, 1))).toBe(false)
      expect(await isWhole(lines.toSpliced(i, 0, line))).toBe(false)
    }
    expect(await isWhole([...lines, ''])).toBe(false)
  })
})

const SIZE = 700

describe('an export as a ZIP', () => {
  let open: OpenLedger

  const made = async (query: ExportQuery, format: PackageFormat, recorded?: ExportQuery) =>
    filesOf(await packed(open.ledger, query, format, recorded))
  const verify = (files: Files, trustedKey = open.ledger.verifierKey) =>
    verifyPackage(asFiles(files), { crypto: nodeCrypto, trustedKey })

  beforeAll(async () => {
    open = await openLedger()
    await fillMixed(open.ledger, SIZE, (i) => ({
      actor: { id: `reader-${i % 4}`, role: 'reader', address: '=cmd|"/c calc"!A0' },
      detail: { number: i },
    }))
  })
  afterAll(async () => {
    await open.close()
  })

  it('verifies, whole and filtered, in every format, and empty', async () => {
    const whole = await made({}, 'csv')
    const report = await verify(whole)
    expect(report).toMatchObject({ ok: true, checked: SIZE + 1, isWitnessed: false })
    expect(report.about).toMatchObject({
      asked: { by: 'officer-1', role: 'officer', event: SIZE },
      rendering: 'csv',
    })
    for (const query of [
      { types: ['access.refused' as const], start: 300 },
      { actor: 'reader-3', outcome: 8, facility: 'nobody' },
    ]) {
      const files = await made(query, 'ndjson')
      expect(await verify(files)).toMatchObject({ ok: true })
    }
    for (const format of ['csv', 'ndjson', 'fhir', 'dicom'] as const) {
      for (const actor of ['reader-1', 'nobody'])
        expect(await verify(await made({ actor, start: 600 }, format))).toMatchObject({
          ok: true,
          isRenderingChecked: true,
        })
    }
  })

  it.each(['fhir', 'dicom'] as const)(
    'does not verify with a changed %s rendering',
    async (format) => {
      const files = await made({ start: 650 }, format)
      const name = [...files.keys()].find((one) => one.includes(format))!
      const changed = new Map(files).set(name, files.get(name)!.replace('reader-3', 'reader-2'))
      expect(await verify(changed)).toMatchObject({ ok: false, badIndex: 651 })
    },
  )

  it('verifies when the log recorded a requested ID as not listed', async () => {
    const files = await made({ actor: 'ghost' }, 'csv', { actor: '(not listed)' })
    expect(await verify(files)).toMatchObject({ ok: true, checked: 0 })
    const other = await made({ actor: 'ghost' }, 'csv', { actor: 'reader-1' })
    expect(await verify(other)).toMatchObject({ ok: false })
  })

  it('survives being zipped and unzipped', async () => {
    const chunks: Uint8Array[] = []
    const query = { types: ['transfer.begun' as const] }
    for await (const chunk of zipOf(await packed(open.ledger, query, 'csv'))) chunks.push(chunk)
    const zip = Buffer.concat(chunks)
    const files = await openZip(new Uint8ArrayReader(zip))
    const seen: number[] = []
    const report = await verifyPackage(files!, {
      crypto: nodeCrypto,
      onEvent: (index) => {
        seen.push(index)
        return undefined
      },
    })
    expect(report).toMatchObject({ ok: true, checked: seen.length })
    expect(seen.length).toBe(Math.ceil(SIZE / 3))
    expect(await openZip(new Uint8ArrayReader(zip.subarray(0, -30)))).toBeUndefined()
    expect(await openZip(new Uint8ArrayReader(Buffer.from('no ZIP')))).toBeUndefined()
  })

  it('fails as a stream when a member fails', async () => {
    const broken = async function* () {
      yield await Promise.resolve('x'.repeat(200_000))
      throw new Error('the database went away')
    }
    const read = async () => {
      for await (const chunk of zipOf([{ name: 'a', content: broken() }]))
        expect(chunk.length).toBeGreaterThan(0)
    }
    await expect(read()).rejects.toThrow('the database went away')
  })

  it('has no CSV field that a spreadsheet would evaluate', async () => {
    const csv = (await made({ types: ['access.refused'] }, 'csv')).get('events.csv')!
    expect(csv).toContain(`"'=cmd|""/c calc""!A0"`)
    expect(csv).not.toMatch(/(^|,)"[=+\-@|%]/m)
    expect(csv.split('\r\n')[0]).toMatch(/^"index","time","event",/)
  })

  const line = (files: Files, name: string, at: number, change: (line: string) => string[]) => {
    const lines = files.get(name)!.split('\n')
    return new Map(files).set(name, lines.toSpliced(at, 1, ...change(lines[at]!)).join('\n'))
  }
  const about = (files: Files, change: (value: Record<string, Json>) => void) => {
    const value = JSON.parse(files.get('query.json')!) as Record<string, Json>
    change(value)
    return new Map(files).set('query.json', `${canonicalJson(value)}\n`)
  }

  it.each<[string, (files: Files) => Files, number | undefined, RegExp, ExportQuery]>([
    [
      'an event changed',
      (f) => line(f, 'events.ndjson', 100, (l) => [l.replace('reader-0', 'reader-1')]),
      100,
      /differs from the logged one/,
      {},
    ],
    ['an event dropped', (f) => line(f, 'events.ndjson', 100, () => []), 100, /is missing/, {}],
    [
      'the last event dropped',
      (f) => new Map(f).set('events.ndjson', f.get('events.ndjson')!.replace(/[^\n]*\n$/, '')),
      undefined,
      /is missing/,
      {},
    ],
    [
      'an event twice',
      (f) => line(f, 'events.ndjson', 9, (l) => [l, l]),
      9,
      /not covered by the proof/,
      {},
    ],
    [
      'an event that is not canonical',
      (f) => line(f, 'events.ndjson', 9, (l) => [l.replace('{', '{ ')]),
      9,
      /canonical/,
      {},
    ],
    [
      'a cell of the CSV changed',
      (f) => line(f, 'events.csv', 43, (l) => [l.replace('reader-2', 'reader-1')]),
      42,
      /events.csv/,
      {},
    ],
    ['a row of the CSV dropped', (f) => line(f, 'events.csv', 43, () => []), 42, /events.csv/, {}],
    [
      'a row added to the CSV',
      (f) => new Map(f).set('events.csv', `${f.get('events.csv')!}"1"\r\n`),
      undefined,
      /continues after/,
      {},
    ],
    [
      'a header of the CSV changed',
      (f) => line(f, 'events.csv', 0, (l) => [l.replace('actor', 'factor')]),
      undefined,
      /has an invalid beginning/,
      {},
    ],
    [
      'a hash of the proof changed',
      (f) => line(f, 'proof.txt', 3, (l) => [l.replace(/(.{44})$/, 'A'.repeat(43) + '=')]),
      0,
      /proof was changed/,
      {},
    ],
    [
      'no proof',
      (f) => new Map([...f].filter(([n]) => n !== 'proof.txt')),
      undefined,
      /proof.txt/,
      {},
    ],
    [
      'the checkpoint of another size',
      (f) => new Map(f).set('checkpoint', f.get('checkpoint')!.replace(/\n7/, '\n8')),
      undefined,
      /signed/,
      {},
    ],
    ['a count changed', (f) => about(f, (v) => (v.count = 3)), undefined, /query.json says/, {}],
    [
      'somebody else who asked',
      (f) => about(f, (v) => (v.asked = { ...(v.asked as object), by: 'officer-2' })),
      undefined,
      /a different export was requested/,
      {},
    ],
    [
      'another query',
      (f) => about(f, (v) => (v.query = { actor: 'reader-1' })),
      undefined,
      /a different export was requested/,
      { start: 5 },
    ],
    [
      'the query left out',
      (f) => about(f, (v) => (v.query = {})),
      undefined,
      /a different export was requested/,
      { start: 5 },
    ],
    ['nothing', () => new Map(), undefined, /not a ledger export/, {}],
  ])('does not verify with %s', async (_, change, badIndex, problem, query) => {
    const report = await verify(change(await made(query, 'csv')))
    expect(report.ok).toBe(false)
    expect(report.problem).toMatch(problem)
    if (badIndex !== undefined) expect(report.badIndex).toBe(badIndex)
  })

  it('does not verify with the checkpoint of another log, or under another key', async () => {
    const files = await made({}, 'csv')
    const other = await openLedger()
    const swapped = new Map(files).set('checkpoint', await other.ledger.checkpoint())
    expect(await verify(swapped)).toMatchObject({ ok: false })
    const both = new Map(swapped).set('ledger.vkey', other.ledger.verifierKey)
    expect(await verify(both, other.ledger.verifierKey)).toMatchObject({ ok: false })
    expect(await verify(files, newLedgerKey(GATEWAY).verifierKey)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('a different key'),
    })
    await other.close()
  })
})
