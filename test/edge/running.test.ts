/** A running edge: the line is cut, the spool fills, the gateway refuses or names other readers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { appendFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import supertest from 'supertest'
import { CommandError } from '../../src/cli/command-error.js'
import { isAway } from '../../src/cli/edge/line.js'
import type { Line } from '../../src/edge/forward.js'
import { readLine } from '../../src/edge/line-view.js'
import { Edge } from '../../src/edge/run.js'
import { observeAll } from '../../src/running/alerting.js'
import { createLogger } from '../../src/lib/logger.js'
import { newKey } from '../../src/seal/keys/index.js'
import { keepEventTypesOf } from '../_event-types.js'
import { file } from '../deidentify/_build.js'
import type { Written } from '../deidentify/_build.js'
import { part } from '../transfer/_site.js'
import { openEdgeSite } from './_edge.js'
import type { EdgeSite } from './_edge.js'

const HOUR_MS = 3_600_000
const PLANTED = 'QZWXPLANTED'

let site: EdgeSite
/** Certificate of a reader who joins later. */
let second: string
let edge: Edge
let line: Line
/** Transfers that the line refuses, as a gateway would. */
const refuses = new Set<string>()
/** What the edge's clock is ahead of ours. */
let ahead = 0
const now = () => Date.now() + ahead

beforeAll(async () => {
  site = await openEdgeSite(now)
  second = (await newKey({ name: 'reader-2' })).certificate
  await appendFile(
    join(site.edgeDir, 'edge.yaml'),
    'spool: { limit: 1 MiB }\nsite: { textDetector: { kind: none }, logLevel: silent }\n',
  )
  const real = await site.line()
  line = {
    ...real,
    begin: async (signed) => {
      const { transfer } = JSON.parse(signed.statement) as { transfer: string }
      if (refuses.has(transfer))
        throw new CommandError('refused', { code: 'recipients_wrong', hint: 'none' })
      return real.begin(signed)
    },
  }
  edge = new Edge({
    dir: site.edgeDir,
    asking: await site.asking(),
    line: () => line,
    ...{ isAway, now, logger: createLogger('silent') },
    pause: () => Promise.resolve(),
    overrides: { port: 0, now },
  })
  await edge.open()
}, 60_000)
afterAll(async () => {
  const { state } = rooms()
  await keepEventTypesOf(state)
  await edge.close(0)
  await site.close()
})

function rooms() {
  const { running } = edge
  if (!running) throw new Error('the edge is not open')
  return running.rooms
}

let serial = 0
function instance(padding = 0): Buffer {
  const uid = `1.2.778.${String(++serial)}`
  return file([
    [0x00080018, 'UI', `${uid}.1`],
    [0x00080060, 'CS', 'CT'],
    [0x00100010, 'PN', `${PLANTED}^ANNA`],
    [0x00100020, 'LO', `MRN${String(serial)}`],
    [0x0020000d, 'UI', uid],
    ...(padding > 0 ? image(padding) : []),
  ])
}

/** Rows of 512 pixels of 16 bits. */
function image(bytes: number): Written[] {
  const us = (value: number) => Buffer.from([value & 0xff, value >> 8])
  const rows = Math.ceil(bytes / 1_024)
  return [
    [0x00280002, 'US', us(1)],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', us(rows)],
    [0x00280011, 'US', us(512)],
    [0x00280100, 'US', us(16)],
    [0x00280101, 'US', us(16)],
    [0x00280102, 'US', us(15)],
    [0x00280103, 'US', us(0)],
    [0x7fe00010, 'OW', Buffer.alloc(rows * 1_024, 7)],
  ]
}

async function sealHere(content: Buffer): Promise<string> {
  const upload = await rooms().beginUpload({
    actor: { id: 'facility-a', role: 'sender', method: 'site' },
    ...{ facility: 'facility-a', group: 'nights', priority: 'routine' },
  })
  try {
    await upload.take(part(content))
    return (await upload.commit({ complete: true })).id
  } catch (error) {
    await upload.abandon(error)
    throw error
  }
}

const atGateway = async (id: string) => (await site.rooms().transfers.find(id))?.state

describe('a line that is cut for an hour', () => {
  it('delivers everything once when it is back, and says so meanwhile', async () => {
    await site.cut()
    const sealed = [await sealHere(instance()), await sealHere(instance())]
    await edge.step()
    expect(edge.view().problem).toBe('gateway_unreachable')
    expect(await readLine(site.edgeDir)).toEqual(edge.view())
    expect((await stat(join(site.edgeDir, 'data', 'line.json'))).mode & 0o777).toBe(0o600)
    const { alerts } = rooms()
    await observeAll({ ...rooms(), hasWitnesses: false }, false)
    expect(alerts.active().has('gateway-away')).toBe(false)
    ahead += HOUR_MS
    await edge.step()
    await observeAll({ ...rooms(), hasWitnesses: false }, false)
    expect(alerts.active().has('gateway-away')).toBe(true)
    const state = await rooms().edgeState?.()
    expect(state?.spool).toMatchObject({ transfers: 2, limit: 1_048_576, held: 0 })
    expect(state?.spool.bytes).toBeGreaterThan(0)
    const url = edge.running?.url ?? ''
    const ready = (await supertest(url).get('/readyz')).body as { warnings: readonly string[] }
    expect(ready.warnings.join()).toContain('nothing is forwarded to the gateway')

    await site.restart()
    ahead += 10_000
    await edge.step()
    expect(edge.view().problem).toBeUndefined()
    for (const id of sealed) expect(await atGateway(id)).toBe('available')
    expect((await rooms().edgeState?.())?.spool).toMatchObject({ transfers: 0, bytes: 0 })
    for (const id of sealed) {
      const { rows } = await site
        .rooms()
        .ledger.query({ types: ['transfer.available'], transfer: id })
      expect(rows).toHaveLength(1)
    }
  })
})

describe('a spool that is full', () => {
  it('refuses what is new, keeps what it took, and has room once that is forwarded', async () => {
    await site.cut()
    await edge.step()
    const taken = await sealHere(instance(1_100_000))
    await expect(sealHere(instance())).rejects.toMatchObject({ code: 'spool_full' })
    await observeAll({ ...rooms(), hasWitnesses: false }, false)
    expect(rooms().alerts.active().has('spool-near')).toBe(true)
    // A sender's client reads when to come back.
    const { token } = await rooms().tokens.issue('facility-a', {
      ...{ days: 1, actor: { id: 'operator-1', role: 'operator', method: 'site' } },
    })
    const answer = await supertest(edge.running?.url ?? '')
      .post('/v1/transfers')
      .auth(token, { type: 'bearer' })
      .field('group', 'nights')
      .attach('files', instance(), 'one.dcm')
    expect([answer.status, answer.headers['retry-after']]).toEqual([507, '60'])
    expect(answer.body).toMatchObject({ code: 'spool_full' })
    await site.restart()
    ahead += 10_000
    await edge.step()
    expect(await atGateway(taken)).toBe('available')
    ahead += 10_000
    const next = await sealHere(instance())
    await edge.step()
    expect(await atGateway(next)).toBe('available')
  })
})

it('forwards the others while the gateway refuses one, and tries that one again later', async () => {
  const refused = await sealHere(instance())
  const other = await sealHere(instance())
  refuses.add(refused)
  await edge.step()
  expect(edge.view().refused).toEqual([{ transfer: refused, code: 'recipients_wrong' }])
  expect([await atGateway(refused), await atGateway(other)]).toEqual([undefined, 'available'])
  await observeAll({ ...rooms(), hasWitnesses: false }, false)
  expect(rooms().alerts.active().has('edge-refused')).toBe(true)
  refuses.clear()
  await edge.step()
  expect(await atGateway(refused)).toBeUndefined()
  ahead += HOUR_MS
  await edge.step()
  expect(await atGateway(refused)).toBe('available')
  expect(edge.view().refused).toEqual([])
})

it('seals to the readers that the gateway names now, after the line was cut', async () => {
  await site.cut()
  await edge.step()
  const before = await sealHere(instance())
  site.change(({ config, secrets }) => ({
    config: {
      ...config,
      groups: config.groups.map((one) => ({ ...one, readers: ['reader-1', 'reader-2'] })),
      people: config.people.flatMap((one) =>
        one.id === 'reader-1' ? [one, { ...one, id: 'reader-2', certificate: second }] : [one],
      ),
    },
    secrets,
  }))
  await site.restart()
  ahead += 2 * 60_000
  await edge.step()
  await edge.step()
  expect(await atGateway(before)).toBe('available')
  const after = await sealHere(instance())
  await edge.step()
  const found = await site.rooms().transfers.find(after)
  if (!found) throw new Error('not forwarded')
  const packets = await site.rooms().transfers.contents.keyPackets(found)
  expect([...new Set(packets.map(({ recipient }) => recipient))].sort()).toEqual([
    ...['reader-1', 'reader-2', 'recovery'],
  ])
  const published = await readFile(join(site.edgeDir, 'keys', 'ledger.vkey'), 'utf8')
  expect(published.trim()).toBe(rooms().ledger.verifierKey)
  const told = await readFile(join(site.edgeDir, 'nocturne.yaml'), 'utf8')
  expect(told).toContain('reader-2')
})
