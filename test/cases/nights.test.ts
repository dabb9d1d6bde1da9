/**
 * Nights by simulation: 40 facilities, 20 readers with shifts, dead laptops, wrong keys, lost
 * answers, channels that fail, clocks that jump, and two gateways. Real rooms and a real database;
 * time is an argument. First there are faults and only safety is checked; then everybody works, and
 * all noise must end with a person.
 *
 * NOCTURNE_NIGHTS sets the number of nights (1; the whole has 10), NOCTURNE_TEST_SEED the choices.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CaseNotice } from '../../src/cases/index.js'
import { newId } from '../../src/lib/ids.js'
import { createNotify } from '../../src/notify/index.js'
import type { Channel, Notify, SendOne } from '../../src/notify/index.js'
import { insertReport, findByMessage } from '../../src/reports/index.js'
import type { Tx } from '../../src/state/index.js'
import type { CaseReportTable, CriticalResultTable } from '../../src/state/night/index.js'
import { chance } from '../faults/_load.js'
import { sha256 } from '../whole-way/_reader.js'
import { FINDING, newHolders, openCriticalNight } from '../critical/_critical.js'
import type { CriticalNight } from '../critical/_critical.js'
import { reader, SYSTEM } from './_night.js'

const NIGHTS = Number(process.env.NOCTURNE_NIGHTS ?? 1)
const SEED = Number(process.env.NOCTURNE_TEST_SEED) || 20_261_130
const MINUTE_MS = 60_000
const NIGHT_MINUTES = 600
const CASES_PER_NIGHT = 60
const READERS = Array.from({ length: 20 }, (_, at) => `reader-${String(at + 1)}`)
const FACILITY = { id: 'facility-a', actor: { id: 'facility-a', role: 'sender' } } as const

/** A reader of one night. A dead laptop claims and never reports; a wrong key never claims. */
interface Person {
  readonly id: string
  readonly from: number
  readonly until: number
  readonly laptop: 'works' | 'dead' | 'wrong-key'
  busy: { readonly case: string; readonly until: number } | undefined
}

const random = chance(SEED)
const among = <T>(all: readonly T[]): T => {
  const one = all[Math.floor(random() * all.length)]
  if (one === undefined) throw new Error('nothing to choose from')
  return one
}

let night: CriticalNight
let notify: Notify
/** Channels that are down at the moment. */
const down = new Set<Channel>()
/** What receivers got, by ID, with the number of times. */
const received = new Map<string, number>()
const sent = { cases: 0, reports: 0, repeated: 0, criticals: 0, refused: 0 }
let minute = 0

const senderOn =
  (channel: Channel): SendOne =>
  ({ id }) => {
    if (down.has(channel)) return Promise.resolve({ code: 'unreachable', isFinal: false })
    received.set(`${channel}|${id}`, (received.get(`${channel}|${id}`) ?? 0) + 1)
    return Promise.resolve(undefined)
  }

async function tell(tx: Tx, told: CaseNotice): Promise<void> {
  const round = told.what === 'step' ? `${told.step.escalation.id}|${told.step.round}` : minute
  await notify.tell(
    tx,
    ['reader-1', 'reader-2'],
    {
      key: `${told.row.id}|${told.what}|${round}`,
      event: 'case.waiting',
      code: told.row.code,
      at: new Date(night.clock.now()).toISOString(),
    },
    { caseId: told.row.id },
  )
}

beforeAll(async () => {
  const clock = (['claim', 'final'] as const).map((kind) => ({
    kind,
    priority: 'stat' as const,
    withinMs: (kind === 'claim' ? 10 : 60) * MINUTE_MS,
  }))
  night = await openCriticalNight(await newHolders(), { clock }, undefined, tell)
  for (const id of READERS) night.readers.add(id)
  const channels: readonly Channel[] = ['mail', 'webhook:pager']
  notify = createNotify({
    ...{ state: night.state, ledger: night.ledger, system: SYSTEM, operators: ['operator-1'] },
    senders: new Map(channels.map((one) => [one, senderOn(one)])),
    channelsOf: () => Promise.resolve(channels),
    quietUntil: () => Promise.resolve(undefined),
    now: night.clock.now,
  })
}, 60_000)
afterAll(() => night.close())

const shiftOf = (id: string): Person => {
  const from = Math.floor(random() * NIGHT_MINUTES * 0.6)
  const luck = random()
  return {
    ...{ id, from, until: from + 240, busy: undefined },
    laptop: luck < 0.1 ? 'dead' : luck < 0.2 ? 'wrong-key' : 'works',
  }
}

async function arrive(): Promise<void> {
  const facility = `facility-${String(Math.floor(random() * 40))}`
  const priority = among(['stat', 'urgent', 'routine'] as const)
  await night.send({ facility, priority })
  sent.cases += 1
}

/** The worklist, as readers see it: cases that nobody holds. */
const free = async () =>
  (await night.cases.worklist(['nights'])).filter(({ state }) => state === 'waiting')

async function work(person: Person): Promise<void> {
  const { busy } = person
  if (busy && busy.until <= minute) {
    person.busy = undefined
    if (person.laptop === 'works') await report(person.id, busy.case)
    return
  }
  if (busy || person.laptop === 'wrong-key') return
  const [next] = await free()
  if (!next) return
  // A colleague may try at the same moment, and on another gateway.
  const others = READERS.filter((id) => id !== person.id)
  const rivals = random() < 0.2 ? [among(others)] : []
  const tried = await Promise.allSettled(
    [person.id, ...rivals].map((id) => night.cases.claim(reader(id), next.id)),
  )
  expect(tried.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
  if (tried[0]?.status === 'fulfilled')
    person.busy = { case: next.id, until: minute + 5 + Math.floor(random() * 20) }
}

/** What `reply.ts` does in its transaction; an answer that is lost makes it come again. */
async function report(author: string, id: string): Promise<void> {
  const row = await night.cases.find(id)
  if (!row || row.state === 'final' || row.state === 'closed') return
  const digest = sha256(Buffer.from(`${id}|${author}|${String(minute)}`))
  const attempts = random() < 0.1 ? 2 : 1
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await findByMessage(night.state.db, digest)) {
      sent.repeated += 1
      continue
    }
    try {
      night.cases.expectReportable(row, author, { status: 'final', agreement: undefined })
      await night.ledger.record(async (tx) => {
        const report = reportRow(id, row.facility, author, digest)
        await insertReport(tx, report)
        const arrived = { id: report.id, case: id, status: 'final', agreement: undefined } as const
        const events = await night.cases.reported(tx, reader(author), {
          ...arrived,
          sha256: digest,
        })
        return { value: undefined, events }
      })
      sent.reports += 1
    } catch {
      // A colleague holds it since the claim expired, or has reported it.
      sent.refused += 1
      return
    }
  }
  if (random() < 0.1) await raise(id)
}

async function raise(id: string): Promise<void> {
  const row = await night.cases.find(id)
  const [view] = row ? await night.cases.views([row]) : []
  if (!row || !view) throw new Error('no case')
  // Keys are only those of one facility: whose it is does not matter for the escalation.
  const own = { ...row, facility: 'facility-a' }
  const finding = await night.finding(own)
  await night.critical.raise(reader('reader-1'), own, view.transfers[0]?.id ?? '', finding)
  sent.criticals += 1
}

const reportRow = (
  id: string,
  facility: string,
  author: string,
  digest: string,
): CaseReportTable => ({
  ...{ id: newId(night.clock.now()), case_id: id, code: '', facility, group_id: 'nights' },
  ...{ status: 'final', agreement: null, author, statement: '', signature: '', certificate: '' },
  ...{ sha256: digest, size: 1, signed_at: night.clock.now(), received_at: night.clock.now() },
  ...{
    acknowledged_at: null,
    acknowledgement: null,
    acknowledgement_signature: null,
    expired_at: null,
  },
})

/** Somebody at the facility, or the reader, reacts to a critical result, or does not. */
async function answer(row: CriticalResultTable, willing: number): Promise<void> {
  if (random() > willing) return
  if (row.state === 'comparing') {
    const matches = random() < 0.7
    await night.critical.compare(reader('reader-1'), row, await night.comparison(row, matches))
    return
  }
  const luck = random()
  if (luck < 0.3) {
    const isReadBack = random() < 0.7
    const call = await night.call(row, { readBack: isReadBack })
    await night.critical.phone(reader('reader-1'), row, call)
  } else if (luck < 0.6) {
    const typed = await night.readBack(row, FINDING, true)
    await night.critical.readBack(FACILITY, row, typed)
  } else {
    const typed = await night.readBack(row, `collapsed lung ${String(minute)}`)
    await night.critical.readBack(FACILITY, row, typed)
  }
}

/** One round of two gateways on the same database. */
async function due(): Promise<void> {
  await Promise.all([night.cases.runDue(), night.cases.runDue()])
  await Promise.all([night.critical.runDue(), night.critical.runDue()])
  await notify.sendDue()
}

async function liveThrough(): Promise<void> {
  const people = READERS.map(shiftOf)
  for (let at = 0; at < NIGHT_MINUTES; at++) {
    minute += 1
    night.clock.pass(MINUTE_MS)
    if (at === 300) night.clock.pass(-5 * MINUTE_MS)
    if (at % 60 === 0) {
      down.clear()
      if (random() < 0.5) down.add(among(['mail', 'webhook:pager'] as const))
    }
    if (random() < CASES_PER_NIGHT / NIGHT_MINUTES) await arrive()
    await due()
    for (const person of people)
      if (at >= person.from && at < person.until && at % 3 === 0) await work(person)
    if (at % 10 === 0)
      for (const row of await night.critical.list({ isOpen: true })) await answer(row, 0.2)
  }
}

/** Everybody works and every channel is up: how many minutes until nothing is open. */
async function heal(): Promise<number> {
  down.clear()
  const people = READERS.map((id): Person => ({ ...shiftOf(id), laptop: 'works' }))
  for (let at = 0; at < NIGHT_MINUTES; at++) {
    minute += 1
    night.clock.pass(MINUTE_MS)
    await due()
    for (const person of people) await work(person)
    const open = await night.critical.list({ isOpen: true })
    for (const row of open) await answer(row, 1)
    const isWaiting = (await night.cases.worklist(['nights'])).length > 0
    if (!isWaiting && open.length === 0 && people.every(({ busy }) => !busy)) return at
  }
  return NIGHT_MINUTES
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Replays the ledger: one holder at any time, and one final report per case. */
async function replay(): Promise<{
  twice: string[]
  reports: Map<string, number>
  unread: number
}> {
  const holders = new Map<string, string>()
  const reports = new Map<string, number>()
  const twice: string[] = []
  let unread = 0
  for (let start: number | undefined = 0; start !== undefined;) {
    const page = await night.ledger.query({ start, limit: 1_000 })
    for (const { entry } of page.rows) {
      const { type, detail = {} } = entry
      const id = textOf(detail.case)
      if (type === 'transfer.claimed') {
        if (holders.has(id) && detail.how === 'free') twice.push(id)
        holders.set(id, textOf(detail.holder))
      } else if (type === 'transfer.released' || type === 'report.sent') holders.delete(id)
      if (type === 'report.sent') reports.set(id, (reports.get(id) ?? 0) + 1)
      if (type === 'clock.missed') unread += 1
    }
    start = page.next
  }
  return { twice, reports, unread }
}

describe(`${String(NIGHTS)} nights (seed ${String(SEED)})`, () => {
  it(
    'end with every case read once, every critical result read back, and no noise',
    async () => {
      for (let count = 0; count < NIGHTS; count++) await liveThrough()
      const healedAfter = await heal()
      expect(healedAfter).toBeLessThan(NIGHT_MINUTES)
      const { twice, reports, unread } = await replay()
      expect(twice).toEqual([])
      expect(reports.size).toBe(sent.cases)
      expect([...reports.values()].filter((count) => count !== 1)).toEqual([])
      const { db } = night.state
      const rows = await db.selectFrom('case_reports').select('sha256').execute()
      expect(rows).toHaveLength(sent.reports)
      const running = await db
        .selectFrom('escalations')
        .select('id')
        .where('stopped_at', 'is', null)
        .execute()
      expect(running).toEqual([])
      const criticals = await night.critical.list({})
      expect(criticals.every(({ state }) => state === 'closed')).toBe(true)
      for (const { id } of criticals) {
        const answers = await night.critical.answers(id)
        expect(answers.some(({ result }) => result === 'matches')).toBe(true)
      }
      // Everything that still applied was delivered, once: a receiver that answered got no repeat.
      for (let round = 0; round < 200 && (await notify.sendDue()) > 0; round++)
        night.clock.pass(MINUTE_MS)
      expect([...received.values()].filter((count) => count !== 1)).toEqual([])
      expect(await night.ledger.verify()).toMatchObject({ ok: true })
      console.log(
        JSON.stringify({
          nights: NIGHTS,
          ...sent,
          missed: unread,
          notices: received.size,
          healedAfter,
        }),
      )
    },
    120_000 * NIGHTS,
  )
})
