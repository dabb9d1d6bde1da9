/** What a reader fetches, and what the ledger says of it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Transfer } from '../../src/transfer/index.js'
import type { ByteRange } from '../../src/store/index.js'
import {
  codeOf,
  collect,
  openedBy,
  openTransferSite,
  pdf,
  send,
  unavailable,
} from '../transfer/_site.js'
import type { OpenedSite } from '../transfer/_site.js'

let site: OpenedSite
let transfer: Transfer
const CONTENT = pdf('a requisition '.repeat(3_000))

beforeAll(async () => {
  site = await openTransferSite()
  const { id } = await send(site, [CONTENT, pdf('another')])
  transfer = await site.find(id)
})
afterAll(() => site.close())

const whole = { index: 1, range: () => undefined }
const fetched = (request: Parameters<OpenedSite['deliveries']['fetch']>[2]) =>
  site.deliveries.fetch(site.reader('reader-1'), transfer, request)

const lastEvents = async (count: number) => (await site.events(transfer.id)).slice(-count)

describe('a download', () => {
  it('is one whole message, between two events', async () => {
    const download = await fetched(whole)
    const [begun] = await lastEvents(1)
    expect(begun).toMatchObject({
      type: 'download.begun',
      actor: { id: 'reader-1', role: 'reader' },
      item: 1,
      detail: { start: 0, end: download.size - 1 },
    })
    const message = await collect(download.bytes)
    expect(message).toHaveLength(download.size)
    expect(await openedBy(message, await site.key('reader-1'))).toEqual(CONTENT)
    await expect(openedBy(message, await site.key('officer-1'))).rejects.toThrow()
    const [ended] = await lastEvents(1)
    expect(ended).toMatchObject({
      type: 'download.ended',
      outcome: 0,
      related: begun?.detail?.download,
      detail: { bytes: download.size },
    })
    await site.deliveries.untilEnded('reader-1', transfer.id)
  })

  it('is the same bytes in whatever ranges it is fetched', async () => {
    const message = await collect((await fetched(whole)).bytes)
    const last = message.length - 1
    const before = (await site.events(transfer.id)).length
    let sent = 0
    let ended = 0
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.nat({ max: last }), fc.nat({ max: last })),
        fc.constantFrom('anywhere', 'in the key packet', 'at the end'),
        async ([one, other], where) => {
          const span = { anywhere: last, 'in the key packet': 150, 'at the end': 40 }[where]
          const shift = where === 'at the end' ? last - span : 0
          const [start = 0, end = 0] = [one % (span + 1), other % (span + 1)]
            .map((at) => at + shift)
            .sort((a, b) => a - b)
          const range: ByteRange = { start, end }
          const download = await fetched({ index: 1, range: () => range })
          expect(download.range).toEqual(range)
          const bytes = await collect(download.bytes)
          expect(bytes.equals(message.subarray(start, end + 1))).toBe(true)
          sent += end - start + 1
          if (sent >= message.length) [sent, ended] = [0, ended + 1]
        },
      ),
      { numRuns: 25 },
    )
    // One event for as many ranges as make up the item, and one for its end.
    await site.deliveries.untilEnded('reader-1', transfer.id)
    const events = (await site.events(transfer.id)).slice(before)
    const begun = events.filter(({ type }) => type === 'download.begun')
    expect(begun).toHaveLength(ended + (sent > 0 ? 1 : 0))
    expect(events.filter(({ type }) => type === 'download.ended')).toHaveLength(begun.length)
  })

  it('in a hundred ranges at once is one event, which names the bytes of all', async () => {
    const { size } = await site.deliveries.describe(site.reader('reader-1'), transfer, 1)
    const ranges = Array.from({ length: 100 }, (_, i) => ({ start: i, end: i + 9 }))
    const got = await Promise.all(ranges.map((range) => fetched({ index: 1, range: () => range })))
    await Promise.all(got.map(({ bytes }) => collect(bytes)))
    expect(new Set(got.map(({ event }) => event)).size).toBe(1)
    await site.deliveries.endRanges()
    const [begun, ended] = await lastEvents(2)
    expect([begun?.type, ended?.type]).toEqual(['download.begun', 'download.ended'])
    expect(ended).toMatchObject({
      related: begun?.detail?.download,
      detail: { bytes: 1_000, ranges: 100 },
    })
    expect(size).toBeGreaterThan(1_000)
  })

  it('that the reader breaks off says how far it came', async () => {
    const download = await fetched(whole)
    let first = 0
    for await (const chunk of download.bytes) {
      first = chunk.length
      break
    }
    expect(first).toBeGreaterThan(0)
    const [ended] = await lastEvents(1)
    expect(ended).toMatchObject({ type: 'download.ended', outcome: 4 })
    expect(ended?.detail?.bytes).toBeLessThan(download.size)
  })

  it('has the same ETag each time, and another one for another reader or item', async () => {
    const reader = site.reader('reader-1')
    const { etag, size } = await site.deliveries.describe(reader, transfer, 1)
    const download = await fetched(whole)
    expect(download).toMatchObject({ etag, size })
    await collect(download.bytes)
    expect((await site.deliveries.describe(reader, transfer, 2)).etag).not.toBe(etag)
    expect((await site.deliveries.describe(reader, transfer, 0)).etag).not.toBe(etag)
  })

  it('is not there for somebody it is not sealed to, and a look at it is no event', async () => {
    const before = await site.events(transfer.id)
    const officer = site.reader('officer-1')
    expect(await codeOf(site.deliveries.fetch(officer, transfer, whole))).toBe('not_found')
    expect(await codeOf(site.deliveries.describe(officer, transfer, 1))).toBe('not_found')
    expect(await codeOf(fetched({ index: 99, range: () => undefined }))).toBe('not_found')
    await site.deliveries.describe(site.reader('reader-1'), transfer, 1)
    expect(await site.events(transfer.id)).toHaveLength(before.length)
  })

  it('sends nothing of a transfer that is still open', async () => {
    const { id } = await send(site, [pdf('open')], { complete: false })
    const open = await site.find(id)
    const reader = site.reader('reader-1')
    expect(await codeOf(site.deliveries.fetch(reader, open, whole))).toBe('transfer_not_available')
  })

  it('fails before its first byte when the store is away, and its end is recorded', async () => {
    site.faults.now = { get: unavailable }
    expect(await codeOf(fetched(whole))).toBe('store_unavailable')
    site.faults.now = {}
    const [begun, ended] = await lastEvents(2)
    expect(begun?.type).toBe('download.begun')
    expect(ended).toMatchObject({ type: 'download.ended', outcome: 4, detail: { bytes: 0 } })
  })

  it('whose gateway died is ended once, after its lease', async () => {
    const download = await fetched(whole)
    await site.deliveries.endLeft(site.clock.now())
    expect((await lastEvents(1))[0]?.type).toBe('download.begun')
    site.clock.pass(10 * 60_000)
    const other = await site.another()
    await other.deliveries.endLeft(site.clock.now())
    await site.deliveries.endLeft(site.clock.now())
    const [begun, ended] = await lastEvents(2)
    expect(ended).toMatchObject({
      type: 'download.ended',
      outcome: 8,
      actor: { id: 'system' },
      related: begun?.detail?.download,
      detail: { left: true },
    })
    await collect(download.bytes)
  })
})
