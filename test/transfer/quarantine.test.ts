/** What is held for a facility: read, discarded, released; and the way back from pseudonyms. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { readDiscard, writeDiscard } from '../../src/protocol/discard-statement.js'
import type { DiscardStatement } from '../../src/protocol/discard-statement.js'
import { writeRelease } from '../../src/protocol/release-statement.js'
import type { ReleaseStatement } from '../../src/protocol/release-statement.js'
import { signDetached } from '../../src/seal/keys/index.js'
import { noise, ultrasoundFile } from '../deidentify/_image.js'
import { file } from '../deidentify/_build.js'
import { codeOf, collect, openedBy, openTransferSite, part, send, SENDER } from './_site.js'
import type { OpenedSite } from './_site.js'

let site: OpenedSite

beforeAll(async () => {
  site = await openTransferSite()
})
afterAll(() => site.close())

let serial = 0
/** An ultrasound image that does not say where text is burned in. */
const atRisk = (): Buffer =>
  ultrasoundFile(
    { rows: 8, columns: 8, photometric: 'MONOCHROME2' },
    [],
    [0x7fe00010, 'OB', noise(64, ++serial)],
  )

async function held(original: Buffer) {
  const { id, items, state } = await send(site, [original])
  expect(state).toBe('abandoned')
  expect(items[0]).toMatchObject({ outcome: 'quarantined', code: 'pixels_at_risk' })
  const transfer = await site.find(id)
  return { transfer, row: await site.transfers.quarantine.find(transfer, 1) }
}

type Held = Awaited<ReturnType<typeof held>>

async function signed(
  original: Buffer,
  { transfer }: Held,
  change: Partial<ReleaseStatement> = {},
  signer = 'facility-a',
) {
  const statement = writeRelease({
    gateway: site.ground.site.config.gateway.name,
    facility: 'facility-a',
    transfer: transfer.id,
    item: 1,
    codes: ['pixels_at_risk'],
    reason: 'no-identifiers-seen',
    sha256: createHash('sha256').update(original).digest('hex'),
    signedAt: new Date(site.clock.now()).toISOString(),
    ...change,
  })
  const key = await site.key(signer)
  return { statement, signature: await signDetached(statement, key, new Date(site.clock.now())) }
}

describe('a held item', () => {
  it('is the original, to the last byte, for the facility alone', async () => {
    const original = atRisk()
    const { transfer, row } = await held(original)
    const range = { start: undefined, limit: 10, all: false, transfer: transfer.id }
    const { items } = await site.transfers.quarantine.list('facility-a', range)
    expect(items).toMatchObject([
      { item: 1, code: 'pixels_at_risk', state: 'held', releasable: true },
    ])
    expect((await site.transfers.quarantine.list('facility-b', range)).items).toEqual([])

    const sealed = await site.transfers.quarantine.read(SENDER, row)
    const read = (await site.events(transfer.id)).at(-1)
    expect(read).toMatchObject({ type: 'quarantine.read', actor: SENDER, item: 1 })
    const message = await collect(sealed.bytes)
    expect(message).toHaveLength(sealed.size)
    expect(await openedBy(message, await site.key('facility-a'))).toEqual(original)
    await expect(openedBy(message, await site.key('reader-1'))).rejects.toThrow()
  })

  it('is deleted when it is discarded, and can be decided once', async () => {
    const original = atRisk()
    const one = await held(original)
    const { transfer, row } = one
    expect(await site.objects(`t/${transfer.id}/`)).toEqual([row.object])
    await site.transfers.quarantine.discard(SENDER, row, 'not-needed')
    expect(await site.objects(`t/${transfer.id}/`)).toEqual([])
    expect((await site.events(transfer.id)).at(-1)).toMatchObject({
      type: 'item.discarded',
      detail: { code: 'pixels_at_risk', reason: 'not-needed' },
    })
    const decided = await site.transfers.quarantine.find(transfer, 1)
    const { quarantine } = site.transfers
    expect(await codeOf(quarantine.discard(SENDER, row, 'damaged'))).toBe('quarantine_not_held')
    expect(await codeOf(quarantine.read(SENDER, decided))).toBe('quarantine_not_held')
    expect(await codeOf(quarantine.checkRelease(decided, await signed(original, one)))).toBe(
      'quarantine_not_held',
    )
  })

  it('is deleted by the sweep when the store failed after the decision', async () => {
    const { transfer, row } = await held(atRisk())
    site.faults.now = { delete: () => Promise.reject(new Error('the disk is gone')) }
    await site.transfers.quarantine.discard(SENDER, row, 'damaged')
    site.faults.now = {}
    expect(await site.objects(`t/${transfer.id}/`)).toEqual([row.object])
    await site.transfers.sweep(site.clock.now())
    expect(await site.objects(`t/${transfer.id}/`)).toEqual([])
  })
})

describe('discarding several held items', () => {
  async function signedDiscard(
    items: readonly Held[],
    change: Partial<DiscardStatement> = {},
    signer = 'facility-a',
  ) {
    const statement = writeDiscard({
      gateway: site.ground.site.config.gateway.name,
      facility: 'facility-a',
      items: items.map(({ transfer }) => ({ transfer: transfer.id, item: 1 })),
      reason: 'not-needed',
      signedAt: new Date(site.clock.now()).toISOString(),
      ...change,
    })
    const key = await site.key(signer)
    return { statement, signature: await signDetached(statement, key, new Date(site.clock.now())) }
  }
  const discard = async (one: Held, signed: { statement: string; signature: string }) =>
    site.transfers.quarantine.discardSigned(SENDER, one.transfer, signed)
  const stateOf = async ({ transfer }: Held) =>
    (await site.transfers.quarantine.find(transfer, 1)).state

  it('deletes all of them with one signature, each with its event, once', async () => {
    const [first, second] = [await held(atRisk()), await held(atRisk())]
    const signed = await signedDiscard([first, second])
    const { receipt } = await discard(first, signed)
    expect(receipt).not.toBe('')
    const statement = createHash('sha256').update(signed.statement).digest('hex')
    for (const one of [first, second]) {
      expect(await stateOf(one)).toBe('discarded')
      expect(await site.objects(`t/${one.transfer.id}/`)).toEqual([])
      expect((await site.events(one.transfer.id)).at(-1)).toMatchObject({
        type: 'item.discarded',
        detail: { code: 'pixels_at_risk', reason: 'not-needed', statement },
      })
    }
    expect(await codeOf(discard(first, signed))).toBe('quarantine_not_held')
  })

  it('deletes none of them when one was decided before', async () => {
    const [first, second] = [await held(atRisk()), await held(atRisk())]
    await site.transfers.quarantine.discard(SENDER, second.row, 'damaged')
    const signed = await signedDiscard([first, second])
    expect(await codeOf(discard(first, signed))).toBe('quarantine_not_held')
    expect(await stateOf(first)).toBe('held')
  })

  it.each<[string, Partial<DiscardStatement>, string, string]>([
    ['from another gateway', { gateway: 'gateway.other.example' }, 'facility-a', 'discard_invalid'],
    ['of another facility', { facility: 'facility-b' }, 'facility-a', 'discard_invalid'],
    [
      'from a day to come',
      { signedAt: '2099-01-01T00:00:00.000Z' },
      'facility-a',
      'discard_invalid',
    ],
    [
      'from before it was held',
      { signedAt: '2020-01-01T00:00:00.000Z' },
      'facility-a',
      'discard_invalid',
    ],
    [
      'in the name of a person whom the facility does not list',
      { by: 'dr-lee' },
      'facility-a',
      'discard_invalid',
    ],
    ["with a reader's signature", {}, 'reader-1', 'discard_invalid'],
    [
      'about an item that is not held',
      { items: [{ transfer: '01985b2e-7c11-7f3a-9d52-1f0c5a9be001', item: 1 }] },
      'facility-a',
      'not_found',
    ],
  ])('refuses a statement %s', async (_, change, signer, code) => {
    const one = await held(atRisk())
    expect(await codeOf(discard(one, await signedDiscard([one], change, signer)))).toBe(code)
    expect(await stateOf(one)).toBe('held')
  })

  it('accepts one text only', async () => {
    const one = await held(atRisk())
    const { statement } = await signedDiscard([one])
    expect(writeDiscard(readDiscard(statement) ?? never())).toBe(statement)
    const twice = JSON.parse(statement) as { items: unknown[] }
    twice.items.push(twice.items[0])
    for (const text of [
      `${statement} `,
      statement.replace('"v":1', '"v":2'),
      JSON.stringify(twice),
      '{',
    ])
      expect(readDiscard(text)).toBeUndefined()
  })
})

function never(): never {
  throw new Error('not read')
}

describe('release from quarantine', () => {
  it('lets exactly the original pass, marked, and closes what was held', async () => {
    const original = atRisk()
    const one = await held(original)
    const signedRelease = await signed(original, one)
    const release = await site.transfers.quarantine.checkRelease(one.row, signedRelease)
    const answer = await send(site, [original], { release, continues: one.transfer.id })
    expect(answer).toMatchObject({ state: 'available', items: [{ outcome: 'accepted' }] })
    expect(await site.transfers.quarantine.find(one.transfer, 1)).toMatchObject({
      state: 'released',
    })
    const last = (await site.events(one.transfer.id)).at(-1)
    expect(last).toMatchObject({
      type: 'item.released',
      detail: {
        codes: ['pixels_at_risk'],
        reason: 'no-identifiers-seen',
        successor: answer.id,
        successorItem: 1,
        statement: createHash('sha256').update(signedRelease.statement).digest('hex'),
      },
    })
    await site.transfers.sweep(site.clock.now())
    expect(await site.objects(`t/${one.transfer.id}/`)).toEqual([])
    // The same release is good once.
    const again = await site.begin({ release })
    await again.take(part(original))
    expect(await codeOf(again.commit({ complete: true }))).toBe('quarantine_not_held')
  })

  it('refuses other bytes, and more items than were signed for', async () => {
    const original = atRisk()
    const one = await held(original)
    const release = await site.transfers.quarantine.checkRelease(
      one.row,
      await signed(original, one),
    )
    const { items, state } = await send(site, [atRisk()], { release })
    expect(state).toBe('abandoned')
    expect(items).toMatchObject([{ outcome: 'refused', code: 'release_mismatch' }])
    const upload = await site.begin({ release })
    await upload.take(part(original))
    expect(await codeOf(upload.take(part(original)))).toBe('release_mismatch')
    expect(await site.transfers.quarantine.find(one.transfer, 1)).toMatchObject({ state: 'held' })
  })

  it.each<[string, Partial<ReleaseStatement>, string]>([
    ['another digest', { sha256: '0'.repeat(64) }, 'facility-a'],
    ['another item', { item: 2 }, 'facility-a'],
    ['another gateway', { gateway: 'gateway.other.example' }, 'facility-a'],
    ['another facility', { facility: 'facility-b' }, 'facility-a'],
    ['another finding', { codes: ['document_held'] }, 'facility-a'],
    ['a day that is to come', { signedAt: '2099-01-01T00:00:00.000Z' }, 'facility-a'],
    ["a reader's signature", {}, 'reader-1'],
  ])('refuses a statement with %s', async (_, change, signer) => {
    const original = atRisk()
    const one = await held(original)
    const statement = await signed(original, one, change, signer)
    expect(await codeOf(site.transfers.quarantine.checkRelease(one.row, statement))).toBe(
      'release_invalid',
    )
  })
})

describe('a crosswalk', () => {
  it('leads back to the patient, for the facility alone, and its reading is an event', async () => {
    const { id } = await send(site, [file([[0x00100010, 'PN', 'QUILLFEATHER^ADA']])])
    const range = { start: undefined, limit: 10, transfer: id }
    const { crosswalks } = await site.transfers.crosswalks.list('facility-a', range)
    expect(crosswalks).toMatchObject([{ transfer: id, items: 1 }])
    expect((await site.transfers.crosswalks.list('facility-b', range)).crosswalks).toEqual([])
    const { id: envelope = '', size } = crosswalks[0] ?? {}
    expect(await site.transfers.crosswalks.size('facility-a', envelope)).toBe(size)
    expect(await codeOf(site.transfers.crosswalks.read(SENDER, 'facility-b', envelope))).toBe(
      'not_found',
    )
    const sealed = await site.transfers.crosswalks.read(SENDER, 'facility-a', envelope)
    const message = await collect(sealed.bytes)
    expect(message).toHaveLength(size ?? 0)
    const lines = await openedBy(message, await site.key('facility-a'))
    expect(lines.toString()).toContain('QUILLFEATHER^ADA')
    await expect(openedBy(message, await site.key('reader-1'))).rejects.toThrow()
    expect((await site.events(id)).at(-1)).toMatchObject({ type: 'crosswalk.read', actor: SENDER })
  })
})
