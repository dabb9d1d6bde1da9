/** Who can open a transfer, changed after it was sealed; and what its reader signs at the end. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import type { SiteConfig } from '../../src/config/index.js'
import { writeAcknowledgement } from '../../src/protocol/acknowledgement.js'
import type { Acknowledgement } from '../../src/protocol/acknowledgement.js'
import { newEnvelope, rewrapKeyPacket } from '../../src/seal/index.js'
import { newKey, readPrivateKey, signDetached, toRecipient } from '../../src/seal/keys/index.js'
import type { PrivateKey } from '../../src/seal/keys/index.js'
import { codeOf, collect, GROUP, openedBy, openTransferSite, pdf, send } from '../transfer/_site.js'
import type { OpenedGateway, OpenedSite } from '../transfer/_site.js'

let site: OpenedSite
/** The gateway after reader-2 joined the group. */
let later: OpenedGateway
let second: PrivateKey

beforeAll(async () => {
  site = await openTransferSite()
  const made = await newKey({ name: 'reader-2' })
  second = await readPrivateKey(made.privateKey)
  later = await site.another((config) =>
    withReaders(config, made.certificate, ['reader-1', 'reader-2']),
  )
})
afterAll(() => site.close())

const withReaders = (
  config: SiteConfig,
  certificate: string,
  readers: readonly string[],
): SiteConfig => ({
  ...config,
  people: [...config.people, { id: 'reader-2', role: 'reader', certificate }],
  groups: config.groups.map((group) =>
    group.id === GROUP ? { ...group, readers: [...readers] } : group,
  ),
})

const whole = { index: 1, range: () => undefined }

async function sent(text: string) {
  const { id } = await send(site, [pdf(text)])
  return site.find(id)
}

/** The key packets of reader-1, sealed again to reader-2. */
async function rewrapped(transfer: Awaited<ReturnType<typeof sent>>) {
  const answer = await later.deliveries.ownPackets(later.reader('reader-1'), transfer)
  const [candidate] = answer.candidates
  if (!candidate) throw new Error('nobody may be added')
  const recipient = await toRecipient(candidate.id, candidate.certificate, new Date())
  const key = await site.key('reader-1')
  const packets = await Promise.all(
    answer.envelopes.map(async ({ envelope, format, packet }) => ({
      envelope,
      packet: Buffer.from(
        await rewrapKeyPacket(Buffer.from(packet, 'base64'), format, key, recipient, new Date()),
      ).toString('base64'),
    })),
  )
  return { answer, given: { recipient: candidate.id, fingerprint: candidate.fingerprint, packets } }
}

describe('a reader who joined later', () => {
  it('is added by one who can open, and opens the same data', async () => {
    const transfer = await sent('for two')
    expect(await codeOf(later.deliveries.fetch(later.reader('reader-2'), transfer, whole))).toBe(
      'not_found',
    )
    const { answer, given } = await rewrapped(transfer)
    expect(answer.recipients.map(({ id }) => id).sort()).toEqual(['reader-1', 'recovery'])
    expect(answer.candidates.map(({ id }) => id)).toEqual(['reader-2'])
    expect((await site.events(transfer.id)).at(-1)).toMatchObject({
      type: 'recipient.packets',
      actor: { id: 'reader-1' },
    })
    await later.deliveries.addRecipient(later.reader('reader-1'), transfer, given)
    expect((await site.events(transfer.id)).at(-1)).toMatchObject({
      type: 'recipient.added',
      detail: { recipient: 'reader-2', fingerprint: given.fingerprint },
    })
    const download = await later.deliveries.fetch(later.reader('reader-2'), transfer, whole)
    const message = await collect(download.bytes)
    expect(await openedBy(message, second)).toEqual(pdf('for two'))
  })

  it('is not added with packets that are not whole, not theirs, or of another envelope', async () => {
    const transfer = await sent('for one')
    const { answer, given } = await rewrapped(transfer)
    const add = (change: Partial<typeof given>) =>
      codeOf(
        later.deliveries.addRecipient(later.reader('reader-1'), transfer, { ...given, ...change }),
      )
    expect(given.packets).toHaveLength(2)
    expect(await add({ packets: given.packets.slice(1) })).toBe('key_packets_invalid')
    const own = answer.envelopes.map(({ envelope, packet }) => ({ envelope, packet }))
    expect(await add({ packets: own })).toBe('key_packets_invalid')
    const [one, other] = given.packets
    const swapped = [
      { envelope: one?.envelope ?? '', packet: 'AAAA' },
      { envelope: other?.envelope ?? '', packet: other?.packet ?? '' },
    ]
    expect(await add({ packets: swapped })).toBe('key_packets_invalid')
    expect(await add({ recipient: 'officer-1' })).toBe('recipient_not_allowed')
    expect(await add({ fingerprint: '0'.repeat(40) })).toBe('recipient_not_allowed')
    expect((await site.events(transfer.id)).map(({ type }) => type)).not.toContain(
      'recipient.added',
    )
  })

  it('is removed when they have left the group, and not before', async () => {
    const transfer = await sent('for a while')
    const { given } = await rewrapped(transfer)
    await later.deliveries.addRecipient(later.reader('reader-1'), transfer, given)
    const remove = (gateway: OpenedGateway, who: string) =>
      codeOf(gateway.deliveries.removeRecipient(gateway.reader('reader-1'), transfer, who))
    await later.ground.state.transaction((tx) =>
      later.transfers.contents.proveKeyPackets(
        tx,
        { recipient: 'reader-2', transfer: transfer.id, at: site.clock.now() },
        'all',
      ),
    )
    expect(await remove(later, 'reader-2')).toBe('recipient_not_allowed')
    expect(await remove(later, 'recovery')).toBe('recipient_not_allowed')
    const [person] = later.ground.site.config.people.slice(-1)
    const left = await site.another((config) =>
      withReaders(config, person?.certificate ?? '', ['reader-1']),
    )
    expect(await remove(left, 'reader-2')).toBeUndefined()
    expect((await site.events(transfer.id)).at(-1)).toMatchObject({ type: 'recipient.removed' })
    expect(await codeOf(left.deliveries.fetch(left.reader('reader-2'), transfer, whole))).toBe(
      'not_found',
    )
  })
})

describe('a packet that was added', () => {
  /** A packet for reader-2 with a session key of its own: only opening it shows that. */
  async function bogus(given: Awaited<ReturnType<typeof rewrapped>>['given']) {
    const now = new Date()
    const envelope = await newEnvelope(
      [await toRecipient('reader-2', second.certificate, now)],
      now,
    )
    const packet = envelope.keyPackets[0]?.packet.toString('base64') ?? ''
    return { ...given, packets: given.packets.map((one) => ({ ...one, packet })) }
  }
  const listed = async (transfer: Awaited<ReturnType<typeof sent>>) =>
    later.deliveries.ownPackets(later.reader('reader-1'), transfer)
  const add = (transfer: Awaited<ReturnType<typeof sent>>, given: Parameters<typeof bogus>[0]) =>
    later.deliveries.addRecipient(later.reader('reader-1'), transfer, given)

  it('is unproven, can be replaced, and counts once its reader has opened with it', async () => {
    const transfer = await sent('to be replaced')
    const { given } = await rewrapped(transfer)
    await add(transfer, await bogus(given))
    expect((await listed(transfer)).recipients).toContainEqual({
      id: 'reader-2',
      fingerprint: given.fingerprint,
      addedBy: 'reader-1',
      unproven: true,
    })
    // The proof by certificate says nothing about this packet.
    expect(await later.transfers.openableBy('reader-2', [transfer.id])).toMatchObject({
      fingerprints: [],
    })
    const before = await later.deliveries.describe(later.reader('reader-2'), transfer, 1)
    await add(transfer, given)
    const after = await later.deliveries.describe(later.reader('reader-2'), transfer, 1)
    expect(after.etag).not.toBe(before.etag)
    const download = await later.deliveries.fetch(later.reader('reader-2'), transfer, whole)
    expect(await openedBy(await collect(download.bytes), second)).toEqual(pdf('to be replaced'))

    await later.transfers.opened('reader-2', transfer.id)
    expect(await later.transfers.openableBy('reader-2', [transfer.id])).toMatchObject({
      fingerprints: [given.fingerprint],
    })
    // The manifest is known to open; the items are not until the acknowledgement.
    expect((await listed(transfer)).candidates.map(({ id }) => id)).toEqual(['reader-2'])
    await add(transfer, await bogus(given))
    const manifest = await later.deliveries.fetch(later.reader('reader-2'), transfer, {
      ...whole,
      index: 0,
    })
    await expect(openedBy(await collect(manifest.bytes), second)).resolves.toBeDefined()
    await add(transfer, given)
    await later.ground.state.transaction((tx) =>
      later.transfers.contents.proveKeyPackets(
        tx,
        { recipient: 'reader-2', transfer: transfer.id, at: site.clock.now() },
        'all',
      ),
    )
    expect((await listed(transfer)).candidates).toEqual([])
    expect(await codeOf(add(transfer, await bogus(given)))).toBe('recipient_not_allowed')
  })

  it('never replaces one that works, and can be removed from a current reader', async () => {
    const transfer = await sent('to be kept')
    const next = await readPrivateKey((await newKey({ name: 'reader-1' })).privateKey)
    const renewed = await site.another((config) => ({
      ...config,
      people: config.people.map((one) =>
        one.id === 'reader-1' ? { ...one, certificate: next.certificate } : one,
      ),
    }))
    // The new certificate has to be confirmed; the packets are what matters here.
    const envelopes = (await listed(transfer)).envelopes.map(({ envelope }) => envelope)
    const now = new Date()
    const bad = await newEnvelope([await toRecipient('reader-1', next.certificate, now)], now)
    const packet = bad.keyPackets[0]?.packet ?? Buffer.alloc(0)
    await site.ground.state.transaction((tx) =>
      renewed.transfers.contents.addKeyPackets(tx, {
        recipient: 'reader-1',
        fingerprint: next.fingerprint,
        packets: envelopes.map((envelope) => ({ envelope, packet })),
        addedBy: 'reader-2',
      }),
    )
    const fetch = async () => {
      const { bytes } = await site.deliveries.fetch(site.reader('reader-1'), transfer, whole)
      return collect(bytes)
    }
    const key = await site.key('reader-1')
    expect(await openedBy(await fetch(), key)).toEqual(pdf('to be kept'))
    // It may be the other packet that they opened with, so this one stays unproven.
    await site.transfers.opened('reader-1', transfer.id)
    const remove = () =>
      codeOf(site.deliveries.removeRecipient(site.reader('reader-1'), transfer, 'reader-1'))
    expect(await remove()).toBeUndefined()
    expect(await remove()).toBe('recipient_not_allowed')
    expect(await openedBy(await fetch(), key)).toEqual(pdf('to be kept'))
  })
})

describe('an acknowledgement', () => {
  async function statementOf(
    transfer: Awaited<ReturnType<typeof sent>>,
    change: Partial<Acknowledgement> = {},
    signer = 'reader-1',
  ) {
    const statement = writeAcknowledgement({
      gateway: site.ground.site.config.gateway.name,
      transfer: transfer.id,
      manifest: transfer.manifest?.digest ?? '',
      items: transfer.items,
      reader: 'reader-1',
      openedAt: new Date(site.clock.now()).toISOString(),
      ...change,
    })
    const date = new Date(site.clock.now())
    return { statement, signature: await signDetached(statement, await site.key(signer), date) }
  }
  const acknowledge = (
    transfer: Awaited<ReturnType<typeof sent>>,
    given: Awaited<ReturnType<typeof statementOf>>,
  ) => site.deliveries.acknowledge(site.reader('reader-1'), transfer, given)

  it('ends the transfer, with digests of what was signed', async () => {
    const transfer = await sent('read')
    const given = await statementOf(transfer)
    expect(await acknowledge(transfer, given)).toMatchObject({ state: 'acknowledged' })
    expect(await site.find(transfer.id)).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: 'reader-1',
    })
    const event = (await site.events(transfer.id)).find(
      ({ type }) => type === 'transfer.acknowledged',
    )
    expect(event?.detail).toMatchObject({
      manifest: transfer.manifest?.digest,
      statement: createHash('sha256').update(given.statement).digest('hex'),
    })
    expect(await codeOf(acknowledge(transfer, given))).toBe('transfer_not_available')
    const inbox = await site.deliveries.inbox(site.reader('reader-1'))
    expect(inbox.map(({ id }) => id)).not.toContain(transfer.id)
  })

  it.each<[string, Partial<Acknowledgement>, string]>([
    ['another manifest', { manifest: '0'.repeat(64) }, 'reader-1'],
    ['another number of items', { items: 7 }, 'reader-1'],
    ['another gateway', { gateway: 'gateway.other.example' }, 'reader-1'],
    ['another reader', { reader: 'reader-2' }, 'reader-1'],
    ['a time before the transfer', { openedAt: '2020-01-01T00:00:00.000Z' }, 'reader-1'],
    ['a time to come', { openedAt: '2099-01-01T00:00:00.000Z' }, 'reader-1'],
    ['the signature of somebody else', {}, 'officer-1'],
  ])('with %s is refused', async (_, change, signer) => {
    const transfer = await sent('unread')
    const given = await statementOf(transfer, change, signer)
    expect(await codeOf(acknowledge(transfer, given))).toBe('acknowledgement_invalid')
    expect(await site.find(transfer.id)).toMatchObject({ state: 'available' })
  })

  it('is refused while another reader holds the claim', async () => {
    const transfer = await sent('claimed')
    const { ledger } = site.ground
    const holder = { id: 'reader-2', at: site.clock.now() }
    await ledger.record(async (tx) => {
      await site.transfers.claims.hold(tx, [transfer.id], holder)
      const actor = { id: 'reader-2', role: 'reader' } as const
      return {
        value: undefined,
        events: [{ type: 'transfer.claimed', outcome: 0, actor, transfer: transfer.id }],
      }
    })
    const given = await statementOf(transfer)
    expect(await codeOf(acknowledge(transfer, given))).toBe('already_claimed')
    await ledger.record(async (tx) => {
      await site.transfers.claims.hold(tx, [transfer.id], undefined)
      const actor = { id: 'reader-2', role: 'reader' } as const
      return {
        value: undefined,
        events: [{ type: 'transfer.released', outcome: 0, actor, transfer: transfer.id }],
      }
    })
    expect(await acknowledge(transfer, given)).toMatchObject({ state: 'acknowledged' })
  })
})
