/** A study that is committed instance by instance, as a PACS sends it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { LEASE_MS } from '../../src/transfer/index.js'
import { NocturneError } from '../../src/lib/errors.js'
import { sealMessage } from '../../src/seal/index.js'
import { file } from '../deidentify/_build.js'
import { codeOf, collect, openedBy, openTransferSite, part, SENDER, unavailable } from './_site.js'
import type { OpenedSite } from './_site.js'

let site: OpenedSite

beforeAll(async () => {
  site = await openTransferSite()
})
afterAll(() => site.close())

let studies = 0
const newStudy = () =>
  createHash('sha256')
    .update(`study ${String(studies++)}`)
    .digest('hex')

const slice = (number: number, study: string): Buffer => {
  const root = `1.2.3.${String(BigInt(`0x${study.slice(0, 12)}`))}`
  return file([
    [0x0020000d, 'UI', root],
    [0x00080018, 'UI', `${root}.${String(number)}`],
    [0x00200013, 'IS', String(number)],
  ])
}

const outcomesOf = (answers: readonly { readonly outcome: string }[]) =>
  answers.map(({ outcome }) => outcome)

describe('a study that grows', () => {
  it('keeps each instance when it is answered, and becomes available when it is completed', async () => {
    const study = newStudy()
    const gathering = await site.gather(study)
    const id = gathering.transfer
    expect(gathering.hasKept).toBe(false)
    expect(outcomesOf(await gathering.add(part(slice(1, study))))).toEqual(['accepted'])
    expect(gathering.hasKept).toBe(true)
    expect(await site.find(id)).toMatchObject({ state: 'open', items: 1 })
    expect((await site.transfers.arrivals()).map((one) => one.transfer)).toContain(id)

    const answers = await Promise.all(
      [2, 3, 4, 3].map((number) => gathering.add(part(slice(number, study)))),
    )
    expect(outcomesOf(answers.flat()).sort()).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'duplicate',
    ])
    expect(new Set(answers.flat().map(({ index }) => index))).toEqual(new Set([2, 3, 4, 5]))
    expect(await codeOf(site.transfers.complete(SENDER, await site.find(id)))).toBe('too_busy')

    // The refused completion left nothing behind.
    const kept = await site.objects(`t/${id}/`)
    expect(kept).toHaveLength(4)

    await gathering.end()
    await site.transfers.complete(SENDER, await site.find(id))
    const transfer = await site.find(id)
    expect(transfer).toMatchObject({ state: 'available', items: 4 })
    expect(await site.transfers.contents.all(transfer)).toHaveLength(5)
    expect((await site.transfers.arrivals()).map((one) => one.transfer)).not.toContain(id)
    const types = (await site.events(id)).map(({ type }) => type)
    expect(types.filter((type) => type === 'item.accepted')).toHaveLength(4)
    expect(types).toContain('transfer.available')
  })

  it('goes on in the same transfer with another gateway, which knows what is there', async () => {
    const study = newStudy()
    const first = await site.gather(study)
    await first.add(part(slice(1, study)))
    await first.end()
    const other = await site.another()
    const second = await other.gather(study)
    expect(second.transfer).toBe(first.transfer)
    expect(outcomesOf(await second.add(part(slice(1, study))))).toEqual(['duplicate'])
    expect(outcomesOf(await second.add(part(slice(2, study))))).toEqual(['accepted'])
    await second.end()
    expect(await site.find(first.transfer)).toMatchObject({ state: 'open', items: 2 })
  })

  it('keeps what was answered when its gateway dies, with the way back to the patient', async () => {
    const study = newStudy()
    const gathering = await site.gather(study)
    const id = gathering.transfer
    await gathering.add(part(slice(1, study)))
    await gathering.add(part(slice(2, study)))
    const kept = await site.objects(`t/${id}/`)
    // Durable, and committed by nobody: what a crash between store and database leaves.
    const [sample = ''] = kept
    const bytes = await collect(await site.ground.store.get(sample))
    const stray = `${sample.slice(0, sample.lastIndexOf('/'))}/stray`
    await site.ground.store.put(stray, await sealedCopy(bytes))

    const other = await site.another()
    site.clock.pass(LEASE_MS + 1)
    expect(await other.transfers.sweep(site.clock.now())).toBe(1)
    expect(await codeOf(gathering.add(part(slice(3, study))))).toBe('transfer_not_open')
    expect(await codeOf(gathering.end())).toBe('transfer_not_open')
    const after = await site.objects(`t/${id}/`)
    expect(after).toEqual(expect.arrayContaining(kept))
    expect(after).not.toContain(stray)
    expect(await site.find(id)).toMatchObject({ state: 'open', items: 2 })

    const range = { start: undefined, limit: 10, transfer: id }
    const { crosswalks } = await site.transfers.crosswalks.list('facility-a', range)
    const lines = await Promise.all(
      crosswalks.map(async (one) => {
        const sealed = await site.transfers.crosswalks.read(SENDER, 'facility-a', one.id)
        const message = await collect(sealed.bytes)
        return (await openedBy(message, await site.key('facility-a'))).toString()
      }),
    )
    expect(lines.join('')).toContain('SMITHSON^JANETTE')
    await site.transfers.complete(SENDER, await site.find(id))
    expect(await site.find(id)).toMatchObject({ state: 'available', items: 2 })
  })

  it('commits parts together whose sender is answered once, and loses none when one breaks', async () => {
    const study = newStudy()
    const gathering = await site.gather(study)
    const sender = { actor: SENDER, facility: 'facility-a' }
    let stored = 0
    const about = { sender, onStored: () => void (stored += 1) }
    let breakOff: () => void = () => undefined
    const isBroken = new Promise<void>((resolve) => (breakOff = resolve))
    const broken = part(slice(9, study))
    async function* cutOff(): AsyncGenerator<Buffer> {
      yield slice(9, study).subarray(0, 200)
      await isBroken
      throw new NocturneError('broken_multipart')
    }
    const last = codeOf(gathering.add({ ...broken, bytes: cutOff() }, about))
    const answers = [1, 2, 1].map((number) => gathering.add(part(slice(number, study)), about))
    while (stored < 3) await new Promise((resolve) => setImmediate(resolve))
    // Durable, but not yet answered: the next part is still arriving.
    expect(await site.transfers.find(gathering.transfer)).toBeUndefined()
    breakOff()
    expect(await last).toBe('broken_multipart')
    const outcomes = await Promise.all(answers)
    expect(outcomes.map((one) => outcomesOf(one))).toEqual([
      ['accepted'],
      ['accepted'],
      ['duplicate'],
    ])
    expect(outcomes.flat().map(({ index }) => index)).toEqual([1, 2, 3])
    const pieces = await site.ground.state.db
      .selectFrom('crosswalk_pieces')
      .select('items')
      .innerJoin('envelopes', 'envelopes.id', 'crosswalk_pieces.envelope')
      .where('transfer', '=', gathering.transfer)
      .execute()
    expect(pieces).toEqual([{ items: 3 }])
    await gathering.end()
    await site.transfers.complete(SENDER, await site.find(gathering.transfer))
    expect(await site.find(gathering.transfer)).toMatchObject({ state: 'available', items: 2 })
  })

  it('keeps nothing of a part whose store fails, and takes it when it is sent again', async () => {
    const study = newStudy()
    const gathering = await site.gather(study)
    await gathering.add(part(slice(1, study)))
    site.faults.now = { put: unavailable }
    expect(await codeOf(gathering.add(part(slice(2, study))))).toBe('store_unavailable')
    site.faults.now = {}
    expect(await site.find(gathering.transfer)).toMatchObject({ items: 1 })
    expect(outcomesOf(await gathering.add(part(slice(2, study))))).toEqual(['accepted'])
    await gathering.end()
  })

  it('ends without a manifest when nothing of it was accepted', async () => {
    const study = newStudy()
    const gathering = await site.gather(study)
    const broken = slice(1, study).subarray(0, 300)
    const [answer] = await gathering.add(part(Buffer.from(broken)))
    expect(answer?.outcome).toBe('quarantined')
    await gathering.end()
    const transfer = await site.find(gathering.transfer)
    expect(await codeOf(site.transfers.complete(SENDER, transfer))).toBe('transfer_empty')
    await site.transfers.abandonEmpty(SENDER, transfer)
    expect(await site.find(transfer.id)).toMatchObject({ state: 'abandoned' })
    const abandoned = await site.gather(newStudy())
    await abandoned.abandon(new NocturneError('too_busy'))
    expect((await site.events(abandoned.transfer)).at(-1)).toMatchObject({
      type: 'transfer.abandoned',
      detail: { code: 'too_busy' },
    })
  })
})

/** A sealed stream that only the seal room can make: one sealed to the facility. */
async function sealedCopy(bytes: Buffer) {
  const recipient = await site.directory.facilityRecipient('facility-a')
  async function* content() {
    yield await Promise.resolve(bytes)
  }
  return sealMessage(content(), recipient, new Date(site.clock.now()))
}
