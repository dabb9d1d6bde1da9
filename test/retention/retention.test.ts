/**
 * What is removed when its period has passed, what is kept, and what is true at every moment in
 * between: on SQLite with a folder, and on PostgreSQL with S3.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { retentionAnswer } from '../../src/retention/index.js'
import { openRetention } from '../../src/gateway/retention.js'
import type { RetentionRooms } from '../../src/gateway/retention.js'
import { addNote } from '../../src/cases/notes/index.js'
import { giveHandover } from '../../src/duty/handover/index.js'
import { giveFeedback } from '../../src/reports/feedback/index.js'
import { openTimekeeping } from '../../src/gateway/timekeeping.js'
import { addHold, removeHold } from '../../src/ledger/retention/index.js'
import { newId } from '../../src/lib/ids.js'
import { acknowledgeReport, insertReport, keyOf } from '../../src/reports/index.js'
import { sealedMessage } from '../../src/seal/index.js'
import type { CaseReportTable } from '../../src/state/night/index.js'
import type { Timekeeping } from '../../src/timekeeping/index.js'
import { startS3 } from '../_ceph.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import { noise, ultrasoundFile } from '../deidentify/_image.js'
import { file } from '../deidentify/_build.js'
import { codeOf, openTransferSite, pdf, send, SENDER, unavailable } from '../transfer/_site.js'
import type { OpenedSite } from '../transfer/_site.js'

const DAY = 86_400_000
const OFFICER = { id: 'officer-1', role: 'officer' } as const
const TERMS = { closed: 30 * DAY, quarantine: 90 * DAY, reports: 366 * DAY }

let serial = 0

interface Place {
  readonly name: string
  readonly open: () => Promise<OpenedSite>
}

const stopping: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const stop of stopping) await stop()
})

/** Each site keeps a ledger of its own. */
async function newDatabase(server: string): Promise<URL> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const name = `retention_${String(++serial)}`
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url
}

async function otherPlace(): Promise<Place | string> {
  if (postgresMissing !== undefined) return postgresMissing
  const server = await startS3()
  if ('skip' in server) return server.skip
  const postgres = await startPostgres()
  stopping.push(
    () => postgres.stop(),
    () => server.stop(),
  )
  const databasePassword = decodeURIComponent(new URL(postgres.url).password)
  return {
    name: 'on PostgreSQL with S3',
    open: async () => {
      const store = await server.newBucket()
      const url = await newDatabase(postgres.url)
      url.password = ''
      return openTransferSite({}, (site) => ({
        config: { ...site.config, database: url.href, store },
        secrets: { ...site.secrets, databasePassword },
      }))
    },
  }
}

const other = await otherPlace()
const PLACES: readonly Place[] = [
  {
    name: 'on SQLite with a folder',
    open: () => openTransferSite(),
  },
  ...(typeof other === 'string' ? [] : [other]),
]

let site: OpenedSite
let room: RetentionRooms
let timekeeping: Timekeeping
const retentionOf = (opened: OpenedSite): RetentionRooms => {
  const { ground } = opened
  const config = { ...ground.site.config, retention: TERMS }
  const store = {
    ...{ kind: ground.store.kind, put: opened.ground.store.put.bind(ground.store) },
    get: ground.store.get.bind(ground.store),
    size: ground.store.size.bind(ground.store),
    list: ground.store.list.bind(ground.store),
    sweepPartial: ground.store.sweepPartial.bind(ground.store),
    check: ground.store.check.bind(ground.store),
    close: () => Promise.resolve(),
    delete: (key: string) =>
      (opened.faults.now.delete ?? ground.store.delete.bind(ground.store))(key),
  }
  return openRetention({ ...ground, store, site: { ...ground.site, config } }, opened, timekeeping)
}

/** A study of one image and one document; returns the transfer and its case. */
async function study() {
  serial += 1
  const uid = `1.2.3.${String(serial)}`
  const image = file([
    [0x00080018, 'UI', `${uid}.1`],
    [0x0020000d, 'UI', uid],
  ])
  const sent = [image, pdf(`study ${String(serial)}`)]
  const { id, state } = await send(site, sent)
  expect(state).toBe('available')
  const row = await site.cases.find(id)
  if (!row) throw new Error('a transfer without a case')
  return { id, case: row.id, sent }
}

const close = (id: string) => site.cases.close(OFFICER, id, 'reported-elsewhere')

const dueOf = async (): Promise<readonly object[]> =>
  (await room.retention.plan()).candidates.map(({ stage, blockedBy }) => ({ stage, blockedBy }))

const packets = async (transfer: string): Promise<number> =>
  (
    await site.ground.state.db
      .selectFrom('key_packets')
      .innerJoin('envelopes', 'envelopes.id', 'key_packets.envelope')
      .select('recipient')
      .where('transfer', '=', transfer)
      .execute()
  ).length

const typesOf = async (transfer: string): Promise<string[]> =>
  (await site.events(transfer))
    .filter(({ type }) => type.startsWith('content.'))
    .map(({ type, detail }) => `${type} ${JSON.stringify(detail?.what)}`)

const crosswalkOf = async (transfer: string) =>
  (
    await site.transfers.crosswalks.list('facility-a', {
      start: undefined,
      limit: 10,
      transfer,
    })
  ).crosswalks

/** A report as a row and its object, which is all that its removal looks at. */
async function report(caseId: string) {
  const { state, store } = site.ground
  const row = await state.db
    .selectFrom('cases')
    .selectAll()
    .where('id', '=', caseId)
    .executeTakeFirstOrThrow()
  const id = newId(site.clock.now())
  await store.put(keyOf(id), sealedMessage(Buffer.from([0xc1, 0])))
  const made: CaseReportTable = {
    ...{ id, case_id: row.id, code: row.code, facility: row.facility, group_id: row.group_id },
    ...{ status: 'final' as const, agreement: null, author: 'reader-1' },
    ...{ statement: '', signature: '' },
    ...{ certificate: '', sha256: id, size: 2, signed_at: 0, received_at: site.clock.now() },
    ...{ acknowledged_at: null, acknowledgement: null, acknowledgement_signature: null },
    expired_at: null,
  }
  await state.transaction((tx) => insertReport(tx, made))
  const signed = { statement: '', signature: '' }
  return {
    id,
    acknowledge: () =>
      state.transaction((tx) => acknowledgeReport(tx, id, signed, site.clock.now())),
  }
}

/** A note on the case, feedback on its report, and a hand-over with a note. */
async function say(caseId: string, reportId: string): Promise<void> {
  const parts = {
    ...{ state: site.ground.state, ledger: site.ground.ledger, now: site.clock.now },
    announceNote: () => Promise.resolve(),
  }
  const by = { id: 'facility-a', actor: SENDER, certificate: '', message: caseId }
  await addNote(parts, by, { id: caseId })
  const row = await site.reply.find(reportId)
  if (row) await giveFeedback(parts, by, row)
  const handover = { group: 'nights', giver: 'reader-1', items: [], note: 'c2VhbGVk' }
  const handing = { ...parts, reads: () => true, endClaims: () => Promise.resolve([]) }
  await giveHandover(handing, OFFICER, { ...handover, certificate: '' })
}

async function said(): Promise<readonly number[]> {
  const { db } = site.ground.state
  const rows = [
    await db.selectFrom('case_notes').select('id').execute(),
    await db.selectFrom('report_feedback').select('id').execute(),
    await db.selectFrom('handovers').select('id').where('note', 'is not', null).execute(),
  ]
  return rows.map(({ length }) => length)
}

describe.each(PLACES)('retention $name', ({ open }) => {
  beforeEach(async () => {
    site = await open()
    timekeeping = openTimekeeping(site.ground, { witnessed: () => Promise.resolve(undefined) })
    await timekeeping.observe()
    room = retentionOf(site)
  })
  afterEach(() => site.close())

  it('removes the key packets of a closed case first, then its objects; the crosswalk stays', async () => {
    const { id, case: caseId } = await study()
    const objects = await site.objects()
    await close(caseId)
    site.clock.pass(29 * DAY)
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
    site.clock.pass(2 * DAY)
    expect(await dueOf()).toEqual([{ stage: 'closed', blockedBy: undefined }])
    // The store is away: only the key packets are gone.
    site.faults.now = { delete: unavailable }
    expect(await codeOf(room.retention.run())).toBe('store_unavailable')
    expect(await packets(id)).toBe(0)
    expect((await site.objects()).sort()).toEqual(objects.sort())
    expect(await typesOf(id)).toEqual(['content.expired "transfer"'])
    const transfer = await site.find(id)
    expect(transfer.state).toBe('expired')
    const reader = site.reader('reader-1')
    expect(await codeOf(site.deliveries.describe(reader, transfer, 1))).toBe('content_expired')

    site.faults.now = {}
    expect(await room.retention.run()).toMatchObject({ expired: 0, objects: 3 })
    expect(await typesOf(id)).toEqual(['content.expired "transfer"', 'content.removed "transfer"'])
    const left = await crosswalkOf(id)
    expect(left).toHaveLength(1)
    expect(await site.objects()).toHaveLength(1)
    expect(await dueOf()).toEqual([])
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
  })

  it('never removes what nobody has read, however old', async () => {
    const { id } = await study()
    site.clock.pass(20 * 366 * DAY)
    expect(await dueOf()).toEqual([])
    await room.retention.run()
    expect((await site.find(id)).state).toBe('available')
    expect(await packets(id)).toBeGreaterThan(0)
  })

  it('keeps what is under a legal hold, even one placed at the last moment', async () => {
    const { id, case: caseId } = await study()
    await close(caseId)
    site.clock.pass(31 * DAY)
    const { id: hold } = await addHold(site.ground.ledger, OFFICER, { facility: 'facility-a' })
    expect(await dueOf()).toEqual([{ stage: 'closed', blockedBy: 'hold' }])
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
    expect((await site.find(id)).state).toBe('available')
    await removeHold(site.ground.ledger, OFFICER, hold)
    // Placed between the plan and the transaction.
    const late = openRetention(
      {
        ...site.ground,
        site: { ...site.ground.site, config: { ...site.ground.site.config, retention: TERMS } },
        ledger: {
          ...site.ground.ledger,
          recordAny: async (change) => {
            await addHold(site.ground.ledger, OFFICER, { transfer: id })
            return site.ground.ledger.recordAny(change)
          },
        },
      },
      site,
      timekeeping,
    )
    expect(await late.retention.run()).toEqual({ expired: 0, objects: 0 })
    expect((await site.find(id)).state).toBe('available')
  })

  it('waits for the facility to acknowledge a report; later removes reports and crosswalk', async () => {
    const { id, case: caseId } = await study()
    const { id: reportId, acknowledge } = await report(caseId)
    await say(caseId, reportId)
    await close(caseId)
    site.clock.pass(31 * DAY)
    expect(await dueOf()).toEqual([{ stage: 'closed', blockedBy: 'report' }])
    await acknowledge()
    expect(await said()).toEqual([1, 1, 1])
    expect(await room.retention.run()).toMatchObject({ expired: 1 })
    site.clock.pass(336 * DAY)
    expect(await dueOf()).toEqual([{ stage: 'reports', blockedBy: undefined }])
    const handovers = async () => retentionAnswer(await room.retention.plan()).handovers
    expect(await handovers()).toEqual({ due: 1 })
    const { id: hold } = await addHold(site.ground.ledger, OFFICER, { facility: 'facility-b' })
    expect(await handovers()).toEqual({ due: 1, blockedBy: 'hold' })
    await removeHold(site.ground.ledger, OFFICER, hold)
    expect(await room.retention.run()).toEqual({ expired: 1, objects: 2 })
    expect(await handovers()).toBeUndefined()
    expect(await site.objects('')).toEqual([])
    expect(await crosswalkOf(id)).toEqual([])
    expect((await typesOf(id)).slice(2).sort()).toEqual([
      'content.expired "crosswalk"',
      'content.expired "feedback"',
      'content.expired "note"',
      'content.expired "report"',
      'content.removed "crosswalk"',
      'content.removed "report"',
    ])
    expect(await said()).toEqual([0, 0, 0])
    const events = (await site.events()).filter(({ type }) => type === 'content.expired')
    expect(events.at(-1)).toMatchObject({ detail: { what: 'handover', messages: 1 } })
    const row = await site.reply.find(reportId)
    const asker = { id: 'facility-a', actor: SENDER }
    expect(row && (await codeOf(site.reply.read(asker, row)))).toBe('content_expired')
  })

  it('discards held items past their period, once their case has ended', async () => {
    const atRisk = ultrasoundFile(
      { rows: 8, columns: 8, photometric: 'MONOCHROME2' },
      [],
      [0x7fe00010, 'OB', noise(64, ++serial)],
    )
    const { id, state } = await send(site, [atRisk, pdf('for its case')])
    expect(state).toBe('available')
    site.clock.pass(91 * DAY)
    expect(await dueOf()).toEqual([{ stage: 'quarantine', blockedBy: 'open' }])
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
    await close((await site.cases.find(id))?.id ?? '')
    expect(await room.retention.run()).toEqual({ expired: 1, objects: 1 })
    const held = await site.transfers.quarantine.find(await site.find(id), 1)
    expect(held).toMatchObject({ state: 'discarded', removed_at: site.clock.now() })
    expect(await typesOf(id)).toEqual([
      'content.expired "quarantine"',
      'content.removed "quarantine"',
    ])
  })

  it('takes files that are sent again after their removal as a new study', async () => {
    const { id, case: caseId, sent } = await study()
    await site.ground.ledger.record(async (tx) => {
      await site.transfers.claims.acknowledge(tx, id, 'reader-1', site.clock.now())
      const events = await site.cases.opened(tx, { id: 'reader-1', actor: OFFICER }, id, true)
      const [first, ...more] = events
      if (!first) throw new Error('the case did not close')
      return { value: undefined, events: [first, ...more] }
    })
    expect((await site.cases.find(caseId))?.state).toBe('closed')
    expect((await send(site, sent)).sentBefore?.transfer).toBe(id)
    site.clock.pass(31 * DAY)
    await room.retention.run()
    const again = await send(site, sent)
    expect(again).toMatchObject({ state: 'available' })
    expect(again.sentBefore).toBeUndefined()
    expect((await site.cases.find(again.id))?.state).toBe('waiting')
  })

  it('tells copies of what expired from copies of what the store has lost', async () => {
    const [gone, kept] = [await study(), await study()]
    const copies = await site.objects('')
    await close(gone.case)
    site.clock.pass(31 * DAY)
    await room.retention.run()
    const keys = async function* () {
      yield* copies
      yield await Promise.resolve('t/of-no-transfer/x')
    }
    const expired = await room.expiredObjects(keys())
    expect(expired).toHaveLength(3)
    expect(expired.every((key) => key.startsWith(`t/${gone.id}/`))).toBe(true)
    expect(expired.some((key) => key.includes(kept.id))).toBe(false)
  })
})

if (typeof other === 'string') {
  describe.skip(`retention on PostgreSQL with S3 (${other})`, () => it('runs', () => undefined))
}
