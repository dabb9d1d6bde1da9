/**
 * Nights by simulation: 40 facilities, 20 readers with shifts, swaps and quiet hours, dead laptops,
 * wrong keys, lost answers, faults in every channel, clocks that jump, two gateways that restart
 * each night, and both changes of summer time. Real rooms and a real database; time is an argument.
 * First there are faults and only safety is checked; then everybody works, and all noise must end
 * with a person.
 *
 * NOCTURNE_NIGHTS sets the number of nights (1; the whole has 10), NOCTURNE_TEST_SEED the choices.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaseNotice } from '../../src/cases/index.js'
import { parseWeekly } from '../../src/config/duty.js'
import { onDuty, recordSwap } from '../../src/duty/index.js'
import { announce, rosterOf } from '../../src/gateway/announce.js'
import { quietUntil } from '../../src/gateway/quiet.js'
import { newId } from '../../src/lib/ids.js'
import { createNotify } from '../../src/notify/index.js'
import { isAnyDue } from '../../src/notify/outbox.js'
import type { Channel, Notify, SendOne } from '../../src/notify/index.js'
import { insertReport, findByMessage } from '../../src/reports/index.js'
import type { Tx } from '../../src/state/index.js'
import type { CaseReportTable, CriticalResultTable } from '../../src/state/night/index.js'
import { chance } from '../faults/_load.js'
import { newSigningKey } from '../access/_site.js'
import { sha256 } from '../whole-way/_reader.js'
import { FINDING, newHolders, openCriticalNight } from '../critical/_critical.js'
import type { CriticalNight } from '../critical/_critical.js'
import { reader, SYSTEM } from './_night.js'

const NIGHTS = Number(process.env.NOCTURNE_NIGHTS ?? 1)
const SEED = Number(process.env.NOCTURNE_TEST_SEED) || 20_261_130
const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS
const NIGHT_MINUTES = 600
const CASES_PER_NIGHT = 60
const READERS = Array.from({ length: 20 }, (_, at) => `reader-${String(at + 1)}`)
const FACILITY = { id: 'facility-a', actor: { id: 'facility-a', role: 'sender' } } as const

const FACILITIES = Array.from({ length: 40 }, (_, at) => `facility-${String(at)}`)
const ZONE = 'Europe/Berlin'

/** Each hour of the night has two readers, and the two of the hour before as backup. */
const hoursOf = (at: number) => {
  const hour = (18 + (at % 10)) % 24
  const clock = (one: number) => `${String(one % 24).padStart(2, '0')}:00`
  return { weekly: [parseWeekly(`daily ${clock(hour)}-${clock(hour + 1)}`)!], dates: [] }
}
const QUIET = { timezone: ZONE, weekly: [parseWeekly('daily 21:00-06:00')!], dates: [] }
const CONFIG = {
  facilities: [],
  groups: [
    {
      ...{ id: 'nights', timezone: ZONE, readers: READERS, coordinators: ['coordinator-1'] },
      duty: {
        ...hoursOf(0),
        roster: READERS.flatMap((id, at) => [
          { reader: id, ...hoursOf(at) },
          { backup: id, ...hoursOf(at + 1) },
        ]),
      },
    },
  ],
  people: [
    ...READERS.map((id, at) => ({
      ...{ id, role: 'reader' as const, certificate: '' },
      ...(at % 3 === 0 && { contact: { quiet: QUIET } }),
    })),
    { id: 'coordinator-1', role: 'officer' as const, certificate: '' },
    { id: 'operator-1', role: 'operator' as const, certificate: '' },
  ],
}

/** A dead laptop claims and never reports; a wrong key never claims. */
interface Person {
  readonly id: string
  readonly laptop: 'works' | 'dead' | 'wrong-key'
  busy: { readonly case: string; readonly until: number } | undefined
}

const random = chance(SEED)
const among = <T>(all: readonly T[]): T => {
  const one = all[Math.floor(random() * all.length)]
  if (one === undefined) throw new Error('nothing to choose from')
  return one
}

const CHANNELS = ['mail', 'push', 'webhook:pager'] as const satisfies readonly Channel[]

let dir: string
let holders: Awaited<ReturnType<typeof newHolders>>
let signingKey: string
let night: CriticalNight
let notify: Notify
/** Channels that are down at the moment. */
const down = new Set<Channel>()
/** What receivers got, by ID, with the number of times. */
const received = new Map<string, number>()
/** A gateway that is about to die: what it sends may arrive or not, and it never learns which. */
let isDying = false
const sent = { cases: 0, reports: 0, repeated: 0, criticals: 0, refused: 0 }
const lived = { swaps: 0, restarts: 0, halfSent: 0, faults: 0 }
let minute = 0

const senderOn =
  (channel: Channel): SendOne =>
  ({ id }) => {
    const arrive = () =>
      received.set(`${channel}|${id}`, (received.get(`${channel}|${id}`) ?? 0) + 1)
    if (isDying) {
      if (random() < 0.5) {
        arrive()
        lived.halfSent += 1
      }
      return new Promise(() => undefined)
    }
    if (down.has(channel)) return Promise.resolve({ code: 'unreachable', isFinal: false })
    arrive()
    return Promise.resolve(undefined)
  }

/** One of the three. */
const channelsOf = (person: string): readonly Channel[] =>
  CHANNELS.filter((_, at) => at === person.charCodeAt(person.length - 1) % CHANNELS.length)

async function tell(tx: Tx, told: CaseNotice): Promise<void> {
  const criticalOf = (inside: Tx, id: string) => night.critical.find(id, inside)
  const origin = () => 'https://gateway.test'
  await announce({ config: CONFIG, notify, criticalOf, origin, now: night.clock.now }, tx, told)
}

/** Opens all rooms on the database as it is. */
async function openRooms(): Promise<void> {
  const clock = (['claim', 'final'] as const).map((kind) => ({
    kind,
    priority: 'stat' as const,
    withinMs: (kind === 'claim' ? 10 : 60) * MINUTE_MS,
  }))
  const shared = { url: `sqlite:${join(dir, 'nocturne.db')}`, signingKey }
  night = await openCriticalNight(holders, { clock }, shared, tell)
  for (const id of READERS) night.readers.add(id)
  notify = createNotify({
    ...{
      state: night.state,
      ledger: night.ledger,
      system: SYSTEM,
      operators: () => ['operator-1'],
    },
    senders: new Map(CHANNELS.map((one) => [one, senderOn(one)])),
    channelsOf: (_, person) => Promise.resolve(channelsOf(person)),
    quietUntil: (tx, person) => quietUntil(CONFIG, tx, person, night.clock.now()),
    now: night.clock.now,
  })
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nights-'))
  holders = await newHolders()
  signingKey = newSigningKey()
  await openRooms()
}, 60_000)
afterAll(async () => {
  await night.close()
  await rm(dir, { recursive: true, force: true })
})

/** The gateway is killed while it sends, and starts again. */
async function restart(): Promise<void> {
  isDying = true
  void notify.sendDue().catch(() => undefined)
  // The rows are leased by then, and no attempt ends.
  await new Promise((resolve) => setTimeout(resolve, 50))
  isDying = false
  const at = night.clock.now()
  await night.close()
  await openRooms()
  night.clock.pass(at - night.clock.now())
  lived.restarts += 1
}

/** Milliseconds by which local time is ahead of UTC. */
function offsetAt(at: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: ZONE, timeZoneName: 'longOffset' })
  const name = parts.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0'] = /GMT([+-])(\d\d)/.exec(name) ?? []
  return Number(hours) * (sign === '-' ? -1 : 1) * 60 * MINUTE_MS
}

/** Seven hours before the next change of summer time. */
function eveOfChange(after: number): number {
  const hour = 60 * MINUTE_MS
  let at = Math.ceil(after / hour) * hour
  while (offsetAt(at) === offsetAt(at - hour) || at - 7 * hour <= after) at += hour
  return at - 7 * hour
}

/** The evenings: a change of summer time first, ordinary nights, the other change last. */
function evenings(): readonly number[] {
  const first = eveOfChange(night.clock.now())
  const between = Array.from({ length: NIGHTS - 1 }, (_, at) => first + (at + 1) * DAY_MS)
  const last = between.at(-1)
  return last === undefined ? [first] : [first, ...between.slice(0, -1), eveOfChange(last)]
}

const personOf = (id: string): Person => {
  const luck = random()
  return { id, busy: undefined, laptop: luck < 0.1 ? 'dead' : luck < 0.2 ? 'wrong-key' : 'works' }
}

/** Who works at the moment: those on duty by the roster and its swaps. */
async function present(): Promise<ReadonlySet<string>> {
  const now = night.clock.now()
  const roster = await rosterOf(CONFIG, night.state.db, 'nights', now)
  if (!roster) throw new Error('no roster')
  const { readers, backups } = onDuty(roster, now)
  return new Set([...readers, ...backups])
}

/** Somebody takes over a part of somebody's night. */
async function swap(): Promise<void> {
  const [giver, taker] = [among(READERS), among(READERS)]
  if (giver === taker) return
  const starts = night.clock.now()
  const ends = starts + (1 + Math.floor(random() * 6)) * 60 * MINUTE_MS
  const actor = reader(giver).actor
  const parts = { ledger: night.ledger, reads: () => true, now: night.clock.now }
  await recordSwap(parts, actor, { group: 'nights', giver, taker, starts, ends })
  lived.swaps += 1
}

async function arrive(): Promise<void> {
  const facility = among(FACILITIES)
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
  while ((await notify.sendDue()) > 0 && (await isAnyDue(night.state.db, night.clock.now())));
}

/** In each hour another channel is down, and sometimes a second one or all of them. */
function breakChannels(hour: number): void {
  down.clear()
  CHANNELS.forEach((channel, at) => {
    if (at === hour % CHANNELS.length || random() < 0.3) down.add(channel)
  })
  lived.faults += down.size
}

async function liveThrough(evening: number): Promise<void> {
  night.clock.pass(evening - night.clock.now())
  const people = READERS.map(personOf)
  const dies = 120 + Math.floor(random() * 360)
  for (let at = 0; at < NIGHT_MINUTES; at++) {
    minute += 1
    night.clock.pass(MINUTE_MS)
    if (at === 300) night.clock.pass(-5 * MINUTE_MS)
    if (at === dies) await restart()
    if (at % 60 === 0) breakChannels(at / 60)
    if (at % 200 === 50) await swap()
    if (random() < CASES_PER_NIGHT / NIGHT_MINUTES) await arrive()
    await due()
    if (at % 3 === 0) {
      const now = await present()
      for (const person of people) if (now.has(person.id)) await work(person)
    }
    if (at % 10 === 0)
      for (const row of await night.critical.list({ isOpen: true })) await answer(row, 0.2)
  }
}

/** Everybody works and every channel is up: how many minutes until nothing is open. */
async function heal(): Promise<number> {
  down.clear()
  const people = READERS.map((id): Person => ({ ...personOf(id), laptop: 'works' }))
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
  takeovers: number
}> {
  const holders = new Map<string, string>()
  const reports = new Map<string, number>()
  const twice: string[] = []
  let unread = 0
  let takeovers = 0
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
      if (type === 'claim.taken-over') takeovers += 1
    }
    start = page.next
  }
  return { twice, reports, unread, takeovers }
}

describe(`${String(NIGHTS)} nights (seed ${String(SEED)})`, () => {
  it(
    'end with every case read once, every critical result read back, and no noise',
    async () => {
      for (const evening of evenings()) await liveThrough(evening)
      const healedAfter = await heal()
      expect(healedAfter).toBeLessThan(NIGHT_MINUTES)
      const { twice, reports, unread, takeovers } = await replay()
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
      // Everything that still applied was delivered: once, unless the gateway died before it
      // learned that; then with the same ID, by which a receiver knows it.
      night.clock.pass(DAY_MS)
      await due()
      const pending = await db
        .selectFrom('outbox')
        .select('id')
        .where('sent_at', 'is', null)
        .where('withdrawn_at', 'is', null)
        .execute()
      expect(pending).toEqual([])
      const twiceSent = [...received.values()].filter((count) => count !== 1)
      expect(twiceSent.length).toBeLessThanOrEqual(lived.halfSent)
      const notices = await db.selectFrom('outbox').select(['body', 'person', 'sent_at']).execute()
      const of = (event: string) =>
        notices.filter(({ body }) => (JSON.parse(body) as { event: string }).event === event)
      const told = of('report.received')
      expect(told.filter(({ sent_at: at }) => at !== null)).toHaveLength(sent.reports)
      expect(await night.ledger.verify()).toMatchObject({ ok: true })
      console.log(
        JSON.stringify({
          nights: NIGHTS,
          ...{ ...sent, ...lived, takeovers },
          digests: of('notices.deferred').length,
          missed: unread,
          notices: received.size,
          healedAfter,
        }),
      )
    },
    120_000 * NIGHTS,
  )
})
