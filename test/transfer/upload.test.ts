/** What one request brings, from its beginning to its commit, with crashes in between. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { nodeCrypto, verifyReceipt } from '../../src/ledger/verify/index.js'
import { NocturneError } from '../../src/lib/errors.js'
import { LEASE_MS } from '../../src/transfer/index.js'
import { eventually } from '../_eventually.js'
import { file } from '../deidentify/_build.js'
import { codeOf, openTransferSite, part, pdf, send, SENDER, unavailable } from './_site.js'
import type { OpenedSite } from './_site.js'

let site: OpenedSite

beforeAll(async () => {
  site = await openTransferSite({ transferItems: 40, transferBytes: 100_000 })
})
afterAll(() => site.close())

let serial = 0
/** Content that no other test sends. */
const unique = (text = ''): Buffer => pdf(`${text} ${serial++}`)

const typesOf = async (transfer: string) =>
  (await site.events(transfer)).map(({ type, outcome }) => `${type} ${outcome}`)

/** `take` returns while an item may still be on its way to the store. */
const stored = (transfer: string, count = 1) =>
  eventually(
    () => site.objects(`t/${transfer}/`),
    (keys) => keys.length >= count,
  )

describe('an upload', () => {
  it('shows nothing before the commit, and all of it after', async () => {
    const upload = await site.begin()
    const id = upload.transfer
    expect(await typesOf(id)).toEqual(['transfer.begun 0'])
    await upload.take(part(unique()))
    await upload.take(part(file([[0x00081030, 'LO', 'CHEST']])))
    expect(await site.transfers.find(id)).toBeUndefined()
    const page = await site.transfers.page({}, { start: undefined, limit: 100 })
    expect(page.transfers.map((one) => one.id)).not.toContain(id)
    expect(await site.deliveries.inbox(site.reader('reader-1'))).toEqual([])

    const answer = await upload.commit({ complete: true })
    expect(answer).toMatchObject({ id, state: 'available' })
    expect(answer.items).toEqual([
      { index: 1, part: 1, kind: 'document', outcome: 'accepted' },
      { index: 2, part: 2, kind: 'instance', outcome: 'accepted' },
    ])
    expect(await site.find(id)).toMatchObject({ state: 'available', items: 2, group: 'nights' })
    const inbox = await site.deliveries.inbox(site.reader('reader-1'))
    expect(inbox.map((one) => one.id)).toContain(id)
    const key = site.ground.ledger.verifierKey
    expect(await verifyReceipt(answer.receipt, key, nodeCrypto)).toMatchObject({ ok: true })
  })

  it('records who sent what, without its content, and ends with the event of the receipt', async () => {
    const answer = await send(site, [unique('SMITHSON'), file([[0x0020000d, 'UI', '1.2.3.9']])])
    const events = await site.events(answer.id)
    const begun = events.find(({ type }) => type === 'transfer.begun')
    expect(begun).toMatchObject({ actor: SENDER, facility: 'facility-a', group: 'nights' })
    expect(begun?.detail).toMatchObject({ priority: 'stat', format: 'seipd2' })
    const last = events.at(-1)
    expect(last).toMatchObject({ type: 'transfer.available', detail: { items: 2, accepted: 2 } })
    const accepted = events.filter(({ type }) => type === 'item.accepted')
    expect(accepted.map(({ item }) => item)).toEqual([1, 2])
    expect(JSON.stringify(events)).not.toMatch(/SMITHSON|JANETTE|MRN0012345|19700321/)
  })

  it('is refused when it brings nothing, and leaves only its events', async () => {
    const upload = await site.begin()
    const error = await upload.commit({ complete: true }).catch((one: unknown) => one)
    expect((error as NocturneError).code).toBe('no_files')
    await upload.abandon(error)
    expect(await typesOf(upload.transfer)).toEqual(['transfer.begun 0', 'transfer.abandoned 8'])
    expect(await site.find(upload.transfer)).toMatchObject({ state: 'abandoned', items: 0 })
    expect(await site.objects(`t/${upload.transfer}/`)).toEqual([])
  })

  it('is stopped by the limits of a transfer', async () => {
    const many = await site.begin()
    for (let at = 0; at < 40; at++) await many.take(part(unique()))
    expect(await codeOf(many.take(part(unique())))).toBe('too_many_items')
    await many.abandon(new NocturneError('too_many_items'))
    const large = await site.begin()
    await large.take(part(pdf('x'.repeat(60_000))))
    await large.take(part(pdf('y'.repeat(60_000))))
    expect(await codeOf(large.commit({ complete: true }))).toBe('transfer_too_large')
    await large.abandon(new NocturneError('transfer_too_large'))
    expect(await site.objects(`t/${large.transfer}/`)).toEqual([])
  })
})

describe('a transfer of several requests', () => {
  it('has every content once, whatever the requests were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 3,
        }),
        async (requests) => {
          const salt = serial++
          const contentOf = (which: number) => pdf(`of ${String(salt)}: ${String(which)}`)
          let id: string | undefined
          const outcomes: string[] = []
          for (const request of requests) {
            const more = id === undefined ? {} : { transfer: id }
            const contents = request.map(contentOf)
            const answer = await send(site, contents, { complete: false, ...more })
            id = answer.id
            expect(answer.state).toBe('open')
            outcomes.push(
              ...answer.items.map(({ index, outcome }) => `${String(index)} ${outcome}`),
            )
          }
          const seen = new Set<number>()
          const expected = requests.flat().map((which, at) => {
            const outcome = seen.has(which) ? 'duplicate' : 'accepted'
            seen.add(which)
            return `${String(at + 1)} ${outcome}`
          })
          expect(outcomes).toEqual(expected)
          const transfer = await site.find(id ?? '')
          const completed = await site.transfers.complete(SENDER, transfer)
          expect(completed.state).toBe('available')
          const contents = await site.transfers.contents.all(await site.find(transfer.id))
          expect(contents).toHaveLength(seen.size + 1)
        },
      ),
      { numRuns: 8 },
    )
  })

  it('cannot be completed twice, nor added to then', async () => {
    const { id } = await send(site, [unique()], { complete: false })
    const transfer = await site.find(id)
    await site.transfers.complete(SENDER, transfer)
    expect(await codeOf(site.transfers.complete(SENDER, transfer))).toBe('transfer_not_open')
    expect(await codeOf(site.begin({ transfer: id }))).toBe('transfer_not_open')
  })
})

describe('an upload whose gateway dies before the commit', () => {
  it('is removed once its lease is over, and a slow gateway cannot commit it any more', async () => {
    const upload = await site.begin()
    const id = upload.transfer
    await upload.take(part(unique()))
    await upload.take(part(unique()))
    await stored(id, 2)
    const other = await site.another()
    expect(await other.transfers.sweep(site.clock.now())).toBe(0)
    site.clock.pass(LEASE_MS + 1)
    expect(await other.transfers.sweep(site.clock.now())).toBe(1)
    expect(await site.objects(`t/${id}/`)).toEqual([])
    // Its envelope is gone, and the folder of its objects may be.
    expect(['transfer_not_open', 'store_unavailable']).toContain(
      await codeOf(upload.commit({ complete: true })),
    )
    expect(await site.find(id)).toMatchObject({ state: 'abandoned' })
    const events = await site.events(id)
    expect(events.at(-1)).toMatchObject({
      type: 'transfer.abandoned',
      outcome: 8,
      actor: { id: 'system' },
      detail: { accepted: 0, code: 'process_died' },
    })
    await upload.abandon(new NocturneError('transfer_not_open'))
    expect(await site.events(id)).toHaveLength(events.length)
  })

  it('is not removed by its own gateway, however late that is', async () => {
    const upload = await site.begin()
    await upload.take(part(unique()))
    await stored(upload.transfer, 1)
    site.clock.pass(20 * LEASE_MS)
    expect(await site.transfers.sweep(site.clock.now())).toBe(0)
    await upload.take(part(unique()))
    const { id } = await upload.commit({ complete: true })
    expect(await site.find(id)).toMatchObject({ state: 'available', items: 2 })
    const refused = await site.begin()
    await refused.abandon(new NocturneError('slow_client'))
    expect(await site.find(refused.transfer)).toMatchObject({ state: 'abandoned' })
  })

  it('keeps what earlier requests of the transfer brought', async () => {
    const { id } = await send(site, [unique()], { complete: false })
    const before = await site.objects(`t/${id}/`)
    const upload = await site.begin({ transfer: id })
    await upload.take(part(unique()))
    await stored(id, before.length + 1)
    const other = await site.another()
    site.clock.pass(LEASE_MS + 1)
    await other.transfers.sweep(site.clock.now())
    expect(await site.objects(`t/${id}/`)).toEqual(before)
    expect(await site.find(id)).toMatchObject({ state: 'open', items: 1 })
    expect((await typesOf(id)).at(-1)).toBe('transfer.extended 8')
    await upload.abandon(new NocturneError('transfer_not_open'))
  })

  it('is removed by the next sweep when a sweep dies between the mark and the row', async () => {
    const upload = await site.begin()
    await upload.take(part(unique()))
    await stored(upload.transfer)
    const [dying, other] = [await site.another(), await site.another()]
    site.clock.pass(LEASE_MS + 1)
    dying.faults.now = { delete: unavailable }
    expect(await codeOf(dying.transfers.sweep(site.clock.now()))).toBe('store_unavailable')
    expect(await codeOf(upload.commit({ complete: true }))).toBe('transfer_not_open')
    expect(await typesOf(upload.transfer)).toEqual(['transfer.begun 0'])
    await other.transfers.sweep(site.clock.now())
    expect(await site.objects(`t/${upload.transfer}/`)).toEqual([])
    expect(await typesOf(upload.transfer)).toEqual(['transfer.begun 0', 'transfer.abandoned 8'])
  })

  it('leaves nothing visible when the manifest cannot be stored', async () => {
    const upload = await site.begin()
    await upload.take(part(unique()))
    await stored(upload.transfer)
    // What is put from here on is the manifest.
    site.faults.now = { put: unavailable }
    const error = await upload.commit({ complete: true }).catch((one: unknown) => one)
    expect((error as NocturneError).code).toBe('store_unavailable')
    site.faults.now = {}
    await upload.abandon(error)
    expect(await site.objects(`t/${upload.transfer}/`)).toEqual([])
    expect(await site.find(upload.transfer)).toMatchObject({ state: 'abandoned', items: 0 })
    const last = (await site.events(upload.transfer)).at(-1)
    expect(last?.detail).toMatchObject({ code: 'store_unavailable' })
  })
})
