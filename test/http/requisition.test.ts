/** Requisitions that come before and after their study, over MLLP and HTTP, into its case. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSite, SITE_ACTOR } from '../../src/cli/site/site.js'
import { initSite } from '../../src/config/init/index.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { createLogger } from '../../src/lib/logger.js'
import { newKey } from '../../src/seal/keys/index.js'
import { keepEventTypes } from '../_event-types.js'
import { eventually } from '../_eventually.js'
import { file } from '../deidentify/_build.js'
import { call } from '../whole-way/_http.js'

let parent = ''
let dir = ''
let gateway: Gateway
let running: Awaited<ReturnType<Gateway['start']>>
let port = 0
let ahead = 0
const tokens = new Map<string, string>()

async function start(): Promise<void> {
  gateway = await createGateway(await openSite(dir), {
    port: 0,
    logger: createLogger('silent'),
    now: () => Date.now() + ahead,
  })
  running = await gateway.start()
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo
      server.close(() => resolve(found))
    })
  })

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'nocturne-requisition-'))
  dir = join(parent, 'site')
  await initSite(dir, { demo: true, newKey, newLedgerKey })
  port = await freePort()
  const yaml = join(dir, 'nocturne.yaml')
  const text = (await readFile(yaml, 'utf8'))
    .replace(
      /^doors:\n( .*\n)+/m,
      `doors:\n  mllp: { listen: 127.0.0.1:${port}, peers: [{ application: RIS, facility: facility-a }] }\n`,
    )
    .replace(
      'groups: [nights] }',
      'groups: [nights], documents: quarantine, requisition: [reason] }',
    )
  await writeFile(yaml, text)
  await start()
  for (const id of ['facility-a', 'reader-1'])
    tokens.set(id, (await running.rooms.tokens.issue(id, { days: 30, actor: SITE_ACTOR })).token)
}, 60_000)

afterAll(async () => {
  await gateway.close()
  await keepEventTypes(dir)
  await rm(parent, { recursive: true, force: true })
})

const as = (id: string, method: string, path: string, json?: unknown) =>
  call(running, method, path, {
    token: tokens.get(id) ?? '',
    ...(json !== undefined && { json }),
  })

const orderOf = (accession: string, more: Partial<Record<'app' | 'reason', string>> = {}): string =>
  [
    `MSH|^~\\&|${more.app ?? 'RIS'}|H|N|N|20260301||ORM^O01|${accession}|P|2.5.1`,
    'PID|1||PAT-1^^^H^MR||Quigley^Zebulon',
    'ORC|NW|PL-1|FI-1',
    `OBR|1|PL-1|FI-1|1^CT head||||||||||||||${accession}|||||||||||||${more.reason ?? 'R51^headache'}`,
  ].join('\r')

/** The acknowledgement of one message; the connection is cut after `half` octets if given. */
const mllp = (message: string, half?: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const bytes = Buffer.concat([
      Buffer.from([0x0b]),
      Buffer.from(message),
      Buffer.from([0x1c, 0x0d]),
    ])
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.write(bytes.subarray(0, half))
      if (half !== undefined) socket.end()
    })
    let got = ''
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString()
      if (got.endsWith('\x1c\r')) socket.end()
    })
    socket.once('error', reject).once('close', () => resolve(got))
  })

async function sendStudy(accession: string): Promise<string> {
  const body = new FormData()
  const bytes = file([
    [0x0020000d, 'UI', '1.2.9'],
    [0x00080018, 'UI', `1.2.9.${accession.replace(/\D/g, '')}`],
    [0x00080050, 'SH', accession],
    [0x00100010, 'PN', 'Quigley^Zebulon'],
    [0x00100020, 'LO', 'PAT-1'],
  ])
  body.append('files', new Blob([Uint8Array.from(bytes)]), 'a.dcm')
  const sent = await call(running, 'POST', '/v1/transfers', {
    token: tokens.get('facility-a') ?? '',
    body,
  })
  expect(sent.status).toBe(201)
  return sent.body.id
}

interface CaseOf {
  readonly transfers: readonly { readonly id: string }[]
}
const transfersOfCase = async (transfer: string) =>
  ((await as('reader-1', 'GET', `/v1/cases/${transfer}`)).body as unknown as CaseOf).transfers
const waiting = async () =>
  (await as('facility-a', 'GET', '/v1/intake/waiting')).body.studies as readonly {
    readonly transfer: string
    readonly reason: string
  }[]

describe('a requisition', () => {
  it('waits for its study, through a restart, and then joins its case', async () => {
    expect(await mllp(orderOf('A-1'))).toContain('MSA|AA|A-1')
    // The same again changes nothing, and half a message neither.
    expect(await mllp(orderOf('A-1'))).toContain('MSA|AA|A-1')
    expect(await mllp(orderOf('A-9'), 60)).toBe('')
    expect(await waiting()).toMatchObject([{ reason: 'requisition' }])
    await gateway.close()
    await start()
    const study = await sendStudy('A-1')
    const joined = await eventually(
      () => transfersOfCase(study),
      ({ length }) => length === 2,
      15_000,
    )
    expect(joined.map(({ id }) => id)).toContain(study)
    expect(await waiting()).toEqual([])
  }, 60_000)

  it('joins the case at once when the study is there', async () => {
    const study = await sendStudy('A-2')
    const form = { accession: 'A-2', patientId: 'PAT-1', reason: 'fall', names: ['Zebulon'] }
    const { status, body } = await as('facility-a', 'POST', '/v1/requisitions', form)
    expect({ status, state: body.state }).toEqual({ status: 201, state: 'matched' })
    expect(await transfersOfCase(study)).toHaveLength(2)
    // The order of another patient with the same number is another order.
    const other = { ...form, patientId: 'PAT-2' }
    const answer = await as('facility-a', 'POST', '/v1/requisitions', other)
    expect(answer.body.state).toBe('waiting')
    expect(await transfersOfCase(study)).toHaveLength(2)
  }, 60_000)

  it('is refused with a reason when it is incomplete, none, or from a stranger', async () => {
    expect(await mllp(orderOf('A-3', { reason: '' }))).toMatch(/MSA\|AE\|A-3[^]*requires/)
    expect(await mllp('MSH|^~\\&|RIS|H|N|N|1||ADT^A01|X|P|2.5')).toContain('MSA|AR|X')
    expect(await mllp(orderOf('A-4', { app: 'OTHER' }))).toContain('MSA|AR|A-4')
    expect(await mllp('nonsense')).toContain('MSA|AR|')
    const lacks = await as('facility-a', 'POST', '/v1/requisitions', {
      accession: 'A',
      patientId: 'P',
    })
    expect(lacks).toMatchObject({
      status: 422,
      body: { code: 'requisition_incomplete', field: 'reason' },
    })
    const fhir = await as('facility-a', 'POST', '/fhir/ServiceRequest', { resourceType: 'Patient' })
    expect(fhir).toMatchObject({ status: 415, body: { resourceType: 'OperationOutcome' } })
    expect((await as('reader-1', 'POST', '/v1/requisitions', {})).status).toBe(403)
    const { rows } = await running.rooms.ledger.query({ types: ['requisition.refused'] })
    expect(rows.length).toBeGreaterThanOrEqual(4)
  })

  it('is removed when its study never comes, and nothing of it is left', async () => {
    const [one] = await waiting()
    ahead = 15 * 86_400_000
    await eventually(waiting, ({ length }) => length === 0, 15_000)
    const { rows } = await running.rooms.ledger.query({ types: ['requisition.expired'] })
    expect(rows.map(({ entry }) => entry.transfer)).toEqual([one?.transfer])
  }, 30_000)
})
