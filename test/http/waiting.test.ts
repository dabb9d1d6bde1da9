/**
 * Studies for which no rule names a group, or that a rule holds: they wait, a person routes them.
 * The gateway runs in this process, and is restarted while a study waits.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

const RULES = `
intake:
  quiet: 1
  rules:
    - { when: { modality: MG }, then: { hold: true, priority: urgent } }
    - { when: { modality: CR }, then: { group: days, profile: strip } }
`
let parent = ''
let dir = ''
let gateway: Gateway
let running: Awaited<ReturnType<Gateway['start']>>
const tokens = new Map<string, string>()

async function start(): Promise<void> {
  gateway = await createGateway(await openSite(dir), { port: 0, logger: createLogger('silent') })
  running = await gateway.start()
}

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'nocturne-waiting-'))
  dir = join(parent, 'site')
  await initSite(dir, { demo: true, newKey, newLedgerKey })
  const { certificate } = await newKey({ name: 'reader-2' })
  await writeFile(join(dir, 'keys/reader-2.asc'), certificate)
  const yaml = join(dir, 'nocturne.yaml')
  const text = (await readFile(yaml, 'utf8'))
    .replace(/^doors:\n( .*\n)+/m, '')
    .replace('groups: [nights] }', 'groups: [nights, days] }')
    .replace(
      /^people:\n/m,
      'people:\n  - { id: reader-2, role: reader, certificate: keys/reader-2.asc }\n',
    )
    .replace(
      /^groups:\n/m,
      'groups:\n  - { id: days, timezone: America/Chicago, readers: [reader-2] }\n',
    )
  await writeFile(yaml, text + RULES)
  await start()
  for (const id of ['facility-a', 'reader-1', 'reader-2', 'operator-1'])
    tokens.set(id, (await running.rooms.tokens.issue(id, { days: 1, actor: SITE_ACTOR })).token)
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

const instance = (study: string, at: number, modality: string): Buffer =>
  file([
    [0x0020000d, 'UI', study],
    [0x00080018, 'UI', `${study}.${at}`],
    [0x00080060, 'CS', modality],
  ])

async function store(...files: readonly Buffer[]): Promise<Response> {
  const parts = files.flatMap((bytes) => [
    Buffer.from('\r\n--b\r\nContent-Type: application/dicom\r\n\r\n'),
    bytes,
  ])
  return fetch(`${running.url}/dicom-web/studies`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${tokens.get('facility-a') ?? ''}`,
      'Content-Type': 'multipart/related; type="application/dicom"; boundary=b',
    },
    body: new Uint8Array(Buffer.concat([...parts, Buffer.from('\r\n--b--')])),
  })
}

interface Waiting {
  readonly transfer: string
  readonly reason: string
  readonly priority: string
  readonly items: number
  readonly groups: readonly string[]
}
const waiting = async (id = 'operator-1') =>
  (await as(id, 'GET', '/v1/intake/waiting')).body.studies as readonly Waiting[]

interface Listed {
  readonly id: string
  readonly group: string
  readonly state: string
  readonly waits?: string
  readonly priority: string
  readonly items: number
}
const transfersOf = async (id: string) =>
  (await as(id, 'GET', '/v1/transfers')).body.transfers as readonly Listed[]

describe('a study for which no rule names a group', () => {
  it('waits, visible to sender and operator alone, through a restart, until it is routed', async () => {
    const answer = await store(instance('1.2.5', 1, 'CT'), instance('1.2.5', 2, 'CT'))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('warning')).toContain('2 of 2 are stored and wait')
    const [one] = await waiting()
    if (!one) throw new Error('nothing waits')
    expect(one).toMatchObject({ reason: 'unmatched', items: 2, groups: ['nights', 'days'] })
    expect(await waiting('facility-a')).toHaveLength(1)
    expect((await as('reader-1', 'GET', '/v1/intake/waiting')).status).toBe(403)
    expect(await transfersOf('facility-a')).toMatchObject([{ group: '-', waits: 'unmatched' }])
    expect(await transfersOf('reader-1')).toEqual([])
    expect((await as('reader-1', 'GET', `/v1/transfers/${one.transfer}`)).status).toBe(404)
    const { text } = await as('operator-1', 'GET', '/metrics')
    expect(text).toContain('nocturne_waiting_studies{reason="unmatched"} 1')
    const early = await as('facility-a', 'POST', `/v1/transfers/${one.transfer}/complete`)
    expect(early).toMatchObject({ status: 409, body: { code: 'study_waits' } })

    await gateway.close()
    await start()
    const ready = await as('operator-1', 'GET', '/readyz')
    expect(JSON.stringify(ready.body.warnings)).toContain('1 study of facility-a')
    await store(instance('1.2.5', 3, 'CT'))
    expect((await waiting())[0]).toMatchObject({ transfer: one.transfer, items: 3 })

    const path = `/v1/intake/waiting/${one.transfer}/assign`
    expect(await as('operator-1', 'POST', path, { group: 'none' })).toMatchObject({
      ...{ status: 422, body: { code: 'unknown_group', field: 'group' } },
    })
    const assigned = await as('operator-1', 'POST', path, { group: 'days', priority: 'stat' })
    expect(assigned.body).toMatchObject({ group: 'days', priority: 'stat' })
    const found = () => transfersOf('reader-2')
    const [routed] = await eventually(found, ([first]) => first?.state === 'available', 10_000)
    expect(routed).toMatchObject({ id: one.transfer, group: 'days', priority: 'stat', items: 3 })
    expect(await transfersOf('reader-1')).toEqual([])
    expect(await running.rooms.transfers.recipientsOf([one.transfer])).not.toContain('reader-1')
    expect(await running.rooms.transfers.recipientsOf([one.transfer])).toContain('reader-2')
    expect((await as('operator-1', 'POST', path, { group: 'days' })).body.code).toBe(
      'study_not_waiting',
    )
    // A late image follows the decision.
    await store(instance('1.2.5', 4, 'CT'))
    const all = await eventually(found, ({ length }) => length === 2, 10_000)
    expect(all[0]).toMatchObject({ group: 'days', priority: 'stat' })
    expect(await waiting()).toEqual([])
  }, 60_000)

  it('waits when a rule holds it, and its sender routes it at once', async () => {
    await store(instance('1.2.6', 1, 'MG'))
    const [one] = await waiting('facility-a')
    expect(one).toMatchObject({ reason: 'hold', priority: 'urgent' })
    const transfer = one?.transfer ?? ''
    // Quiet: from then on it is routed as soon as somebody says where.
    await eventually(
      () =>
        running.rooms.state.db
          .selectFrom('envelopes')
          .select('state')
          .where('transfer', '=', transfer)
          .execute(),
      (all) => all.every(({ state }) => state === 'committed'),
      10_000,
    )
    // A writer to the database routes nothing: the study goes on waiting, and everybody is told.
    const forged = { group_id: 'days', priority: 'stat', assigned_by: 'operator-1' } as const
    const { state, transfers, ledger } = running.rooms
    await state.transaction((tx) =>
      tx.updateTable('waiting_studies').set(forged).where('transfer', '=', transfer).execute(),
    )
    expect(await transfers.waiting.route(transfer)).toBeUndefined()
    expect(await waiting()).toMatchObject([{ transfer, reason: 'hold', priority: 'urgent' }])
    expect(await transfersOf('reader-2')).toHaveLength(2)
    const found = (await ledger.query({ types: ['row.mismatched'] })).rows
    expect(found.map(({ entry }) => entry.detail)).toEqual([
      { table: 'waiting_studies', row: transfer, reason: 'ledger' },
    ])
    const ready = async () => (await as('operator-1', 'GET', '/readyz')).text
    expect(
      await eventually(ready, (text) => text.includes(`the row ${transfer} of waiting_studies`)),
    ).toContain(`the row ${transfer} of waiting_studies`)

    const path = `/v1/intake/waiting/${transfer}/assign`
    const { body } = await as('facility-a', 'POST', path, { group: 'nights' })
    expect(body).toMatchObject({ state: 'available', group: 'nights', priority: 'urgent' })
    const alerts = await running.rooms.ledger.query({ types: ['study.waiting', 'study.assigned'] })
    expect(alerts.rows.map(({ entry }) => entry.type)).toHaveLength(4)
  }, 60_000)

  it('is de-identified under the profile that a rule names', async () => {
    await store(instance('1.2.7', 1, 'CR'))
    const { rows } = await running.rooms.ledger.query({ types: ['item.accepted'], limit: 100 })
    const last = rows.at(-1)?.entry
    expect(last).toMatchObject({ group: 'days' })
    const transfer = await running.rooms.transfers.find(last?.transfer ?? '')
    expect(transfer?.profile).toBe('strip')
  })
})
