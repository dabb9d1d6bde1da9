import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportLedger } from '../../src/ledger/export/export.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { readLines } from '../../src/ledger/verify/lines.js'
import { verifyExport, verifyReceipt } from '../../src/ledger/verify/verify.js'
import { filtersFor } from '../../src/ledger/log/index.js'
import type { EventQuery } from '../../src/ledger/log/contract.js'
import type { LedgerCrypto } from '../../src/ledger/verify/crypto.js'
import { event, fill, fillMixed, GATEWAY, MIXED_TYPES, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'

const SIZE = 700

async function* each(lines: readonly string[]): AsyncIterable<string> {
  for (const line of lines) yield await Promise.resolve(line)
}

/** Only what a browser provides. */
const webCrypto: LedgerCrypto = {
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
  verifyEd25519: async (key, message, signature) => {
    const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
    return crypto.subtle.verify('Ed25519', imported, signature, message)
  },
}

describe('questions and exports', () => {
  let open: OpenLedger
  const linesOf = async (query: EventQuery): Promise<string[]> => {
    const lines: string[] = []
    for await (const line of exportLedger(open.ledger, query)) lines.push(line)
    return lines
  }
  const verify = (lines: readonly string[], key = open.ledger.verifierKey) =>
    verifyExport(each(lines), key, nodeCrypto)

  beforeAll(async () => {
    open = await openLedger()
    await fillMixed(open.ledger, SIZE, (i) => (i % 11 === 0 ? { patient: 'ph:1' } : {}))
  })
  afterAll(async () => {
    await open.close()
  })

  const queries = fc.record(
    {
      types: fc.subarray([...MIXED_TYPES], { minLength: 1 }),
      actor: fc.constantFrom('reader-0', 'reader-3', 'nobody'),
      facility: fc.constantFrom('facility-0', 'facility-4', 'facility-5'),
      transfer: fc.constantFrom('t0', 't2'),
      patient: fc.constant('ph:1'),
      outcome: fc.constantFrom(0, 8, 12),
      start: fc.integer({ min: 0, max: SIZE + 10 }),
    },
    { requiredKeys: [] },
  )

  it('return what filtering by hand returns, for every combination of filters, in stable pages', async () => {
    const all = (await open.ledger.query({ limit: 1000 })).rows
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: SIZE }, (_, i) => i))
    await fc.assert(
      fc.asyncProperty(queries, fc.integer({ min: 1, max: 400 }), async (query, limit) => {
        const expected = all.filter(
          ({ index, entry }) =>
            (query.types?.includes(entry.type) ?? true) &&
            (query.actor === undefined || entry.actor.id === query.actor) &&
            (query.facility === undefined || entry.facility === query.facility) &&
            (query.transfer === undefined || entry.transfer === query.transfer) &&
            (query.patient === undefined || entry.patient === query.patient) &&
            (query.outcome === undefined || entry.outcome === query.outcome) &&
            index >= (query.start ?? 0),
        )
        const found: number[] = []
        let start = query.start
        do {
          const page = await open.ledger.query({
            ...query,
            limit,
            ...(start !== undefined && { start }),
          })
          expect(page.rows.length).toBeLessThanOrEqual(limit)
          found.push(...page.rows.map(({ index }) => index))
          start = page.next
        } while (start !== undefined)
        expect(found).toEqual(expected.map(({ index }) => index))
        expect(await open.ledger.count(query, SIZE)).toBe(expected.length)
      }),
      { numRuns: 40 },
    )
  })

  it('filter by time, inclusive start and exclusive end, and refuse a limit out of range', async () => {
    const { rows } = await open.ledger.query({ limit: 1000 })
    const time = Date.parse(rows[350]!.entry.time)
    const before = await open.ledger.count({ until: time }, SIZE)
    const after = await open.ledger.count({ from: time }, SIZE)
    expect(before + after).toBe(SIZE)
    expect(before).toBeLessThanOrEqual(350)
    for (const limit of [0, -1, 1001, 1.5, NaN])
      await expect(open.ledger.query({ limit })).rejects.toMatchObject({ code: 'bad_request' })
  })

  it('verify unchanged, whether whole, filtered or empty', async () => {
    expect(await verify(await linesOf({}))).toMatchObject({ ok: true, size: SIZE, checked: SIZE })
    await fc.assert(
      fc.asyncProperty(queries, async (query) => {
        const lines = await linesOf(query)
        expect(await verify(lines)).toMatchObject({ ok: true, checked: lines.length - 1 })
      }),
      { numRuns: 15 },
    )
  })

  it('of accesses outside duty hours verify, and not with one that was within them', async () => {
    const one = await openLedger()
    for (const duty of ['outside', 'inside', 'outside', undefined] as const)
      await one.ledger.note({
        ...{ type: 'download.begun', outcome: 0, actor: { id: 'reader-1', role: 'reader' } },
        ...(duty !== undefined && { detail: { duty } }),
      })
    const lines: string[] = []
    for await (const line of exportLedger(one.ledger, filtersFor('outside') ?? {})) lines.push(line)
    const others: string[] = []
    for await (const line of exportLedger(one.ledger, {})) others.push(line)
    const check = (given: readonly string[]) =>
      verifyExport(each(given), one.ledger.verifierKey, nodeCrypto)
    expect(await check(lines)).toMatchObject({ ok: true, checked: 2 })
    const inside = others.find((line) => line.includes('"duty":"inside"')) ?? ''
    expect(await check([...lines.slice(0, 2), inside])).toMatchObject({ ok: false })
    await one.close()
  })

  it('verify with browser APIs, and when read in pieces of any size', async () => {
    const lines = await linesOf({ types: ['access.refused'], start: 500 })
    const whole = Buffer.from(lines.join(''))
    for (const size of [1_000, 100_000]) {
      const pieces = async function* () {
        for (let at = 0; at < whole.length; at += size)
          yield await Promise.resolve(whole.subarray(at, at + size))
      }
      const report = await verifyExport(
        readLines(pieces()),
        open.ledger.verifierKey,
        size === 1_000 ? webCrypto : nodeCrypto,
      )
      expect(report).toMatchObject({ ok: true, checked: lines.length - 1 })
    }
  })

  it('contain no event recorded after their checkpoint', async () => {
    const one = await openLedger()
    await fill(one.ledger, 300)
    const lines: string[] = []
    for await (const line of exportLedger(one.ledger, {})) {
      lines.push(line)
      if (lines.length < 20) await one.ledger.note(event())
    }
    expect(lines).toHaveLength(301)
    expect(await verify(lines, one.ledger.verifierKey)).toMatchObject({ ok: true, size: 300 })
    await one.close()
  })

  const edit = (line: string, change: (value: Record<string, unknown>) => void): string => {
    const value = JSON.parse(line) as Record<string, unknown>
    change(value)
    return JSON.stringify(value)
  }

  it.each<[string, (lines: string[]) => string[], number | undefined, EventQuery]>([
    ['nothing at all', () => [], undefined, {}],
    ['another first line', (lines) => ['{}', ...lines.slice(1)], undefined, {}],
    [
      'an entry changed',
      (lines) => lines.with(101, lines[101]!.replace('reader-0', 'reader-1')),
      100,
      {},
    ],
    ['an event left out', (lines) => lines.toSpliced(101, 1), 100, {}],
    ['the last event left out', (lines) => lines.slice(0, -1), SIZE - 1, {}],
    [
      'an event left out of a filtered one',
      (lines) => lines.toSpliced(3, 1),
      undefined,
      { transfer: 't0' },
    ],
    ['an event twice', (lines) => lines.toSpliced(5, 0, lines[4]!), 3, {}],
    ['two events swapped', (lines) => lines.with(7, lines[8]!).with(8, lines[7]!), 6, {}],
    ['a line that is not canonical', (lines) => lines.with(9, lines[9]!.replace('{', '{ ')), 8, {}],
    [
      'a member twice',
      (lines) => lines.with(9, lines[9]!.replace('{"entry"', '{"entry":{},"entry"')),
      8,
      {},
    ],
    ['a line that is no event', (lines) => lines.with(9, '[]'), 8, {}],
    ['deep nesting', (lines) => lines.with(9, '['.repeat(60_000) + ']'.repeat(60_000)), 8, {}],
    [
      'an index beyond the log',
      (lines) => [...lines, edit(lines[1]!, (v) => (v.index = SIZE))],
      SIZE,
      {},
    ],
    [
      'its query widened',
      (lines) =>
        lines.with(
          0,
          edit(lines[0]!, (v) => (v.query = {})),
        ),
      0,
      { start: 3 },
    ],
    [
      'its query narrowed',
      (lines) =>
        lines.with(
          0,
          edit(lines[0]!, (v) => (v.query = { actor: 'reader-1' })),
        ),
      0,
      {},
    ],
    [
      'a filter that nobody knows',
      (lines) =>
        lines.with(
          0,
          edit(lines[0]!, (v) => (v.query = { colour: 1 })),
        ),
      undefined,
      {},
    ],
    [
      'its count changed',
      (lines) =>
        lines.with(
          0,
          edit(lines[0]!, (v) => (v.count = 1)),
        ),
      undefined,
      { start: 600 },
    ],
    [
      'its origin changed',
      (lines) => lines.with(0, lines[0]!.replace('"origin":"gateway', '"origin":"getaway')),
      undefined,
      {},
    ],
    [
      'its checkpoint changed',
      (lines) => lines.with(0, lines[0]!.replace('\\n700\\n', '\\n701\\n')),
      undefined,
      {},
    ],
  ])('do not verify with %s', async (_, change, badIndex, query) => {
    const report = await verify(change(await linesOf(query)))
    expect(report.ok).toBe(false)
    expect(report.problem).toEqual(expect.any(String))
    expect(report.badIndex).toBe(badIndex)
  })

  it('do not verify under the key of another log', async () => {
    const report = await verify(await linesOf({}), newLedgerKey(GATEWAY).verifierKey)
    expect(report).toMatchObject({ ok: false, problem: expect.stringContaining('a different key') })
  })

  it('do not verify a receipt that was changed or belongs to another entry', async () => {
    const receipt = await open.ledger.proof(42)
    const check = (text: string, key = open.ledger.verifierKey, entry?: Uint8Array) =>
      verifyReceipt(text, key, nodeCrypto, entry)
    expect(await check(receipt)).toMatchObject({ ok: true, index: 42 })
    const [other] = (await open.ledger.query({ start: 43, limit: 1 })).rows
    const wrong = [
      check(receipt.replace('index 42', 'index 43')),
      check(receipt.replace(/\n[^\n]{44}\n/, '\n')),
      check(receipt.replace('\n700\n', '\n701\n')),
      check(receipt.replace(/extra .*\n/, '')),
      check(receipt, newLedgerKey(GATEWAY).verifierKey),
      check(receipt, 'no key'),
      check(receipt, open.ledger.verifierKey, Buffer.from(JSON.stringify(other?.entry))),
      check('hello'),
      check(''),
    ]
    for (const report of await Promise.all(wrong)) {
      expect(report.ok).toBe(false)
      expect(report.problem).toEqual(expect.any(String))
    }
  })

  it('can be verified without Node', async () => {
    const room = join(dirname(fileURLToPath(import.meta.url)), '../../src/ledger')
    const seen = new Set<string>()
    const visit = async (path: string): Promise<void> => {
      if (seen.has(path)) return
      seen.add(path)
      const source = await readFile(path, 'utf8')
      expect(/\bBuffer\b|\bprocess\.\w|\brequire\(/.exec(source)?.[0]).toBeUndefined()
      for (const [, from] of source.matchAll(/^(?:import|export) (?!type).*? from '(.+)'$/gm)) {
        expect(from).toMatch(/^\./)
        await visit(join(dirname(path), from!.replace(/\.js$/, '.ts')))
      }
    }
    await visit(join(room, 'verify', 'verify.ts'))
    expect(seen.size).toBeGreaterThan(8)
  })
})
