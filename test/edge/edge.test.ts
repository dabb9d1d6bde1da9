/** What an edge seals at its facility, until a reader opens it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { edgesOf } from '../../src/cli/reader/pull-targets.js'
import { openManifest } from '../../src/cli/reader/opened/signed-manifest.js'
import { checkSealer } from '../../src/cli/trust/trust.js'
import { forwardWaiting } from '../../src/edge/forward.js'
import type { Line } from '../../src/edge/forward.js'
import { nodeCrypto, verifyReceipt } from '../../src/ledger/verify/index.js'
import { NocturneError } from '../../src/lib/errors.js'
import { readSealed, writeSealed } from '../../src/protocol/sealing/statement.js'
import type { SealedTransfer } from '../../src/protocol/sealing/statement.js'
import { signDetached } from '../../src/seal/keys/index.js'
import type { UploadTarget } from '../../src/transfer/index.js'
import { siteAnswer } from '../../src/protocol/operation/http.js'
import { file } from '../deidentify/_build.js'
import type { Written } from '../deidentify/_build.js'
import { collect, openedBy, part, pdf } from '../transfer/_site.js'
import { openEdgeSite } from './_edge.js'
import type { EdgeSite, OpenedEdge } from './_edge.js'

const PLANTED = 'QZWXPLANTED'
const PLANTED_ID = 'MRN77001122'
const NOW = () => new Date()

let site: EdgeSite
let edge: OpenedEdge
let line: Line

beforeAll(async () => {
  site = await openEdgeSite()
  edge = await site.openEdge()
  line = await site.line()
}, 60_000)
afterAll(async () => {
  await edge.close()
  await site.close()
})

let serial = 0
const instance = (...more: readonly Written[]) => {
  const uid = `1.2.777.${String(++serial)}`
  return file([
    [0x00080018, 'UI', `${uid}.1`],
    [0x00080060, 'CS', 'CT'],
    [0x00100010, 'PN', `${PLANTED}^ANNA`],
    [0x00100020, 'LO', PLANTED_ID],
    [0x0020000d, 'UI', uid],
    ...more,
  ])
}

/** Names may be in its pixels, so it is held at the facility. */
const BURNED_IN: readonly Written[] = [
  [0x00280301, 'CS', 'YES'],
  [0x7fe00010, 'OW', Buffer.alloc(1_024)],
]

async function sealHere(
  contents: readonly Buffer[],
  more: Partial<UploadTarget> = {},
): Promise<string> {
  const upload = await edge.rooms.beginUpload({
    actor: { id: 'facility-a', role: 'sender', method: 'site' },
    ...{ facility: 'facility-a', group: 'nights', priority: 'stat', ...more },
  })
  for (const one of contents) await upload.take(part(one))
  return (await upload.commit({ complete: true })).id
}

/** The statement that the edge would sign, changed. */
async function statementOf(
  transfer: string,
  change: (stated: SealedTransfer) => SealedTransfer = (same) => same,
) {
  const found = await edge.rooms.transfers.find(transfer)
  if (!found) throw new Error('no such transfer')
  const { stated } = await edge.rooms.transfers.sealed.describe(found, edge.as, undefined)
  const statement = writeSealed(change(stated))
  return {
    statement,
    signature: await signDetached(statement, edge.rooms.gatewayKey, NOW()),
  }
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code,
  )

describe('a transfer sealed at the facility', () => {
  it('reaches the reader, who learns who sealed it', async () => {
    const sent = instance()
    const id = await sealHere([sent, pdf('a requisition'), sent])
    expect(await forwardWaiting(edge.rooms, edge.as, line)).toBe(1)
    const { transfers, ledger, store } = site.rooms()
    const found = await transfers.find(id)
    expect(found).toMatchObject({ state: 'available', items: 2, priority: 'stat' })
    if (!found) return
    const [view] = await transfers.views([found])
    const { edge: by, fingerprint } = edge.as
    expect(view).toMatchObject({
      sealedBy: { edge: by, fingerprint },
      outcomes: { accepted: 2, duplicate: 1 },
    })

    const key = await site.key('reader-1')
    const client = await site.client('reader-1')
    const messageOf = async (index: number) => {
      const content = await transfers.contents.one(found, index)
      const packet = await transfers.contents.keyPacketFor(content?.envelope ?? '', 'reader-1')
      const data = await collect(await store.get(content?.object ?? ''))
      return Buffer.concat([packet?.packet ?? Buffer.alloc(0), data])
    }
    const gateway = {
      name: 'demo.nocturne.example',
      signers: [{ certificate: site.rooms().gatewayKey.certificate }],
      edgeOf: edgesOf(client, {
        checkSealer: (sealer, transfer) => checkSealer(ledger.verifierKey, sealer, transfer),
      }),
    }
    const { manifest, signed } = await openManifest(await messageOf(0), key, gateway, id)
    expect(signed.signedBy).toBe(fingerprint)
    expect(manifest.sealedBy).toEqual({ edge: by, fingerprint })
    expect(manifest.items.map(({ index }) => index)).toEqual([1, 2])
    const opened = await openedBy(await messageOf(1), key)
    const sha256 = createHash('sha256').update(opened).digest('hex')
    expect(sha256).toBe(manifest.items[0]?.plaintext.sha256)
    expect(opened.includes(PLANTED)).toBe(false)
    client.close()
  })

  it('leaves no key packet and no object of the readers at the facility', async () => {
    const id = await sealHere([instance()])
    await forwardWaiting(edge.rooms, edge.as, line)
    const found = await edge.rooms.transfers.find(id)
    if (!found) throw new Error('no such transfer')
    expect(await edge.rooms.transfers.contents.keyPackets(found)).toEqual([])
    const keys: string[] = []
    for await (const key of edge.rooms.store.list(`t/${id}/`)) keys.push(key)
    // The crosswalk stays, sealed to the facility.
    expect(keys).toHaveLength(1)
    expect(await edge.rooms.transfers.sealed.waiting(10)).toEqual([])
  })

  it('shows the gateway nothing but what the statement says', async () => {
    const id = await sealHere([instance()])
    await forwardWaiting(edge.rooms, edge.as, line)
    const { state, ledger } = site.rooms()
    const { rows } = await ledger.query({ transfer: id, limit: 100 })
    const told = JSON.stringify(rows.map(({ entry }) => entry))
    const row = await state.db.selectFrom('sealed_transfers').selectAll().execute()
    for (const text of [told, JSON.stringify(row)])
      expect(text).not.toMatch(new RegExp(`${PLANTED}|${PLANTED_ID}|1\\.2\\.777`))
    const patients = await state.db.selectFrom('patients').selectAll().execute()
    const crosswalks = await state.db.selectFrom('crosswalks').selectAll().execute()
    expect([patients, crosswalks]).toEqual([[], []])
    const last = rows.find(({ entry }) => entry.type === 'transfer.available')?.entry
    expect(last?.detail?.sealedBy).toMatchObject({ edge: 'edge-1' })
  })
})

it('tells the operator what an edge handed over, and how much its facility kept', async () => {
  const { sealed } = edge.rooms.transfers
  const before = await sealed.spool()
  await sealHere([instance(), instance(...BURNED_IN)])
  await forwardWaiting(edge.rooms, edge.as, line)
  const { held } = await sealed.spool()
  expect(held).toBe(before.held + 1)
  const client = await site.client('operator-1')
  const { edges } = siteAnswer.parse(await client.json({ path: '/v1/site' }))
  client.close()
  expect(edges).toMatchObject([{ id: 'edge-1', facility: 'facility-a', isRegistered: true, held }])
  expect(edges[0]?.transfers).toBeGreaterThan(0)
})

describe('a line that is cut', () => {
  it('delivers everything once, also across a restart of the gateway', async () => {
    const ids = [await sealHere([instance(), instance()]), await sealHere([instance()])]
    let sends = 0
    const cutting: Line = {
      ...line,
      send: async (packet) => {
        sends += 1
        if (sends === 2) await site.cut()
        await line.send(packet)
      },
    }
    expect(await codeOf(forwardWaiting(edge.rooms, edge.as, cutting))).toBe('gateway_unreachable')
    await site.restart()
    const counted: number[] = []
    const counting: Line = {
      ...line,
      send: async (packet) => {
        counted.push(packet.index)
        await line.send(packet)
      },
    }
    expect(await forwardWaiting(edge.rooms, edge.as, counting)).toBe(2)
    // The packet that had arrived before the cut was not sent again.
    expect(counted).toEqual([1, 2, 0, 1])
    for (const [at, id] of ids.entries())
      expect(await site.rooms().transfers.find(id)).toMatchObject({ items: at === 0 ? 2 : 1 })
    expect(await forwardWaiting(edge.rooms, edge.as, line)).toBe(0)
  })

  it('finds a transfer complete whose answer was lost', async () => {
    const id = await sealHere([instance()])
    const losing: Line = {
      ...line,
      complete: async (transfer) => {
        await line.complete(transfer)
        throw new NocturneError('gateway_unreachable')
      },
    }
    expect(await codeOf(forwardWaiting(edge.rooms, edge.as, losing))).toBe('gateway_unreachable')
    expect(await forwardWaiting(edge.rooms, edge.as, line)).toBe(1)
    const { rows } = await site
      .rooms()
      .ledger.query({ types: ['transfer.available'], transfer: id })
    expect(rows).toHaveLength(1)
  })
})

describe('the gateway refuses', () => {
  it('a statement that is not signed, not its own, or not sealed to its recipients', async () => {
    const id = await sealHere([instance()])
    const whole = await statementOf(id)
    expect(readSealed(whole.statement)).toBeDefined()
    const other = await statementOf(id, (stated) => ({ ...stated, missing: 1 }))
    const mixed = { ...whole, signature: other.signature }
    expect(await codeOf(line.begin(mixed))).toBe('edge_signature_invalid')
    const changes: readonly [string, (stated: SealedTransfer) => SealedTransfer][] = [
      ['sealed_invalid', (stated) => ({ ...stated, gateway: 'other.example' })],
      ['sealed_invalid', (stated) => ({ ...stated, facility: 'facility-b' })],
      ['unknown_group', (stated) => ({ ...stated, group: 'days' })],
      ['recipients_wrong', (stated) => ({ ...stated, recipients: stated.recipients.slice(1) })],
      [
        'recipients_wrong',
        (stated) => ({ ...stated, recipients: [...stated.recipients, 'f'.repeat(40)].sort() }),
      ],
      ['sealed_packets_invalid', swapPackets],
      [
        'sealed_packets_invalid',
        (stated) => ({
          ...stated,
          envelopes: stated.envelopes.map((one) => ({ ...one, packets: one.packets.slice(1) })),
        }),
      ],
    ]
    for (const [code, change] of changes)
      expect(await codeOf(line.begin(await statementOf(id, change)))).toBe(code)
    await forwardWaiting(edge.rooms, edge.as, line)
    expect(await codeOf(line.begin(other))).toBe('transfer_not_open')
  })

  it('other bytes than those stated, and completes nothing without them', async () => {
    const id = await sealHere([instance()])
    const signed = await statementOf(id)
    const stated = readSealed(signed.statement)
    if (!stated) throw new Error('unreadable')
    await line.begin(signed)
    const size = stated.items[0]?.ciphertext.size ?? 0
    const send = (octets: Buffer) =>
      line.send({
        ...{ transfer: id, index: 1, size: octets.length },
        octets: () => Promise.resolve(pieces(octets)),
      })
    for (const octets of [Buffer.alloc(size, 0x41), Buffer.alloc(size + 1, 0xd2), Buffer.from('x')])
      expect(await codeOf(send(octets))).toBe('sealed_content_wrong')
    expect(await codeOf(line.complete(id))).toBe('sealed_incomplete')
    expect(await site.rooms().transfers.find(id)).toBeUndefined()
    await forwardWaiting(edge.rooms, edge.as, line)
    expect(await site.rooms().transfers.find(id)).toMatchObject({ state: 'available' })
  })

  it('a sender that is no edge, and shows it no recipients', async () => {
    const client = await site.client('facility-a')
    expect(await codeOf(client.json({ path: '/v1/sealing' }))).toBe('edge_unknown')
    const signed = await statementOf(await sealHere([instance()]))
    expect(await codeOf(client.post('/v1/sealed', signed))).toBe('edge_unknown')
    client.close()
    await forwardWaiting(edge.rooms, edge.as, line)
  })
})

it('proves every certificate that it tells, and the edge keeps no plaintext', async () => {
  const client = await site.client('edge-1')
  const told = JSON.parse(await readFile(join(site.edgeDir, 'told.json'), 'utf8')) as {
    groups: { recipients: { id: string; receipt: string }[] }[]
  }
  const { verifierKey } = site.rooms().ledger
  const ids: string[] = []
  for (const { recipients } of told.groups)
    for (const { id, receipt } of recipients) {
      ids.push(id)
      expect(await verifyReceipt(receipt, verifierKey, nodeCrypto)).toMatchObject({ ok: true })
    }
  expect(ids).toEqual(['reader-1', 'recovery'])
  const files = await readdir(site.edgeDir, { recursive: true, withFileTypes: true })
  for (const one of files.filter((each) => each.isFile()))
    expect((await readFile(join(one.parentPath, one.name))).includes(PLANTED)).toBe(false)
  client.close()
})

/** The packets of two recipients in each other's place. */
const swapPackets = (stated: SealedTransfer): SealedTransfer => ({
  ...stated,
  envelopes: stated.envelopes.map((one) => ({
    ...one,
    packets: one.packets.map(({ fingerprint }, at) => ({
      fingerprint,
      packet: one.packets.at(-1 - at)?.packet ?? '',
    })),
  })),
})

async function* pieces(octets: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(octets)
}
