/** Every rule of the table: what raises its alert, and what is close to it but does not. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createAlerts, RULES } from '../../src/alerts/index.js'
import type { Alert, Alerts, RuleId, StateRuleId } from '../../src/alerts/index.js'
import { EVENT_RULES, STATE_RULES } from '../../src/alerts/rules.js'
import type { EventRuleId } from '../../src/alerts/rules.js'
import { SYSTEM } from '../../src/lib/actors.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import { createNotify } from '../../src/notify/index.js'
import { noticeOf } from '../../src/running/alerting.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const READER = { id: 'reader-1', role: 'reader' } as const
const OFFICER = { id: 'officer-1', role: 'officer' } as const
const HANDLE = 'a'.repeat(64)

type Given = Pick<EventInput, 'type'> & Partial<EventInput>
const system = (type: Given['type'], detail: NonNullable<Given['detail']> = {}): Given => ({
  type,
  detail,
})
const download = (i: number, duty = 'inside'): Given => ({
  ...{ type: 'download.begun', actor: READER, transfer: `t${i}`, detail: { duty } },
})
const search = (i: number): Given => ({
  ...{ type: 'ledger.read', actor: OFFICER },
  detail: { what: 'patient', query: { facility: 'facility-a', handles: [`${i}`.padEnd(64, 'b')] } },
})
const times = (count: number, one: (i: number) => Given): readonly Given[] =>
  Array.from({ length: count }, (_, i) => one(i))

/** What raises the alert once, and what does not raise it. */
const CASES: Readonly<
  Record<EventRuleId, { readonly fires: readonly Given[]; readonly silent: readonly Given[] }>
> = {
  'locked-out': {
    fires: [system('signin.locked', { seconds: 9, principal: 'reader-1' })],
    silent: times(5, () => system('signin.failed')),
  },
  'certificate-changed': {
    fires: [system('certificate.changed', { principal: 'reader-1', from: 'aa', to: 'bb' })],
    silent: [system('certificate.changed', { principal: 'reader-1', from: null, to: 'bb' })],
  },
  'new-recipient': {
    fires: [system('certificate.changed', { principal: 'reader-9', from: null, to: 'cc' })],
    silent: [system('certificate.changed', { principal: 'reader-1', from: 'aa', to: 'bb' })],
  },
  'mass-download': {
    fires: times(60, (i) => download(i)),
    // Many items of few transfers are one night's work.
    silent: times(120, (i) => download(i % 59)),
  },
  'off-duty-download': { fires: [download(1, 'outside')], silent: [download(1, 'inside')] },
  'officer-searches': {
    fires: times(10, search),
    // The pages of one search are the same patient.
    silent: [...times(40, () => search(1)), ...times(8, search)],
  },
  'row-mismatched': {
    fires: [system('row.mismatched', { table: 'certificates', row: 'reader-1', reason: 'mac' })],
    silent: [system('rows.sealed')],
  },
  'witness-lost': {
    fires: [system('witness.lost', { witness: 'w1' })],
    silent: [system('witness.regained', { witness: 'w1' })],
  },
  'sink-lost': {
    fires: [system('sink.lost', { sink: 's1' })],
    silent: [system('sink.regained', { sink: 's1' })],
  },
  'study-waits': {
    fires: [{ ...system('study.waiting', { reason: 'unmatched' }), facility: 'facility-a' }],
    silent: [system('study.assigned', { reason: 'unmatched' })],
  },
  'port-crowded': {
    fires: [system('association.refused', { result: 2, source: 3, reason: 2, crowd: 'address' })],
    silent: [system('association.refused', { result: 1, source: 1, reason: 3 })],
  },
  'gate-exception': {
    fires: [system('gate.applied', { verdict: 'excepted', subject: 'reader-1', because: 'stat' })],
    silent: [system('gate.applied', { verdict: 'warned', subject: 'reader-1' })],
  },
  'gate-blocked': {
    fires: [system('gate.applied', { verdict: 'blocked', subject: 'nights' })],
    silent: [system('gate.applied', { verdict: 'warned', subject: 'nights' })],
  },
  'ledger-restored': { fires: [system('ledger.restored')], silent: [system('prune.proposed')] },
}

let site: TestSite
let raised: Alert[]
const open = (): Alerts => {
  const { state, ledger, clock } = site
  const notify = createNotify({
    ...{ state, ledger, system: SYSTEM, now: clock.now, operators: () => [] },
    senders: new Map([['mail', () => Promise.resolve(undefined)]]),
    channelsOf: () => Promise.resolve(['mail']),
    quietUntil: () => Promise.resolve(undefined),
  })
  return createAlerts({
    tag: (text) => `tag of ${text}`,
    ...{ state, ledger, system: SYSTEM, now: clock.now },
    announce: (tx, alert) =>
      notify.tell(tx, ['officer-1', 'operator-1'], noticeOf(alert, 'https://gateway.test')),
    raised: (alert) => raised.push(alert),
  })
}
const note = async (all: readonly Given[]) => {
  for (const one of all) await site.ledger.note({ outcome: 0, actor: SYSTEM, ...one })
}
const recorded = async () =>
  (await site.ledger.query({ types: ['alert.raised'] })).rows.map(({ entry }) => entry)
const rulesIn = (alerts: readonly Alert[]): readonly RuleId[] => alerts.map(({ rule }) => rule)

beforeEach(async () => {
  raised = []
  site = await openTestSite()
  await site.ledger.note({ type: 'gateway.started', outcome: 0, actor: SYSTEM })
})
afterEach(async () => {
  await site.close()
})

describe('an alert about events', () => {
  it.each(Object.keys(EVENT_RULES) as EventRuleId[])('%s', async (rule) => {
    const alerts = open()
    await alerts.follow()
    const { fires, silent } = CASES[rule]
    await note(silent)
    await alerts.follow()
    expect(rulesIn(raised)).not.toContain(rule)
    site.clock.pass(2 * 3_600_000)
    await note(fires)
    await alerts.follow()
    expect(rulesIn(raised).filter((one) => one === rule)).toEqual([rule])
    expect(alerts.counts().get(rule)).toBe(1)
    // Again within its period: the same alert.
    await note(fires)
    await alerts.follow()
    expect(rulesIn(raised).filter((one) => one === rule)).toEqual([rule])
    const mine = (await recorded()).filter(({ detail }) => detail?.rule === rule)
    expect(mine).toMatchObject([{ outcome: RULES[rule].outcome, actor: SYSTEM }])
  })

  it('counts the patients of FHIR searches, also of several at once', async () => {
    const alerts = open()
    await alerts.follow()
    const inFhir = (...of: readonly number[]): Given => ({
      ...{ type: 'ledger.read', actor: OFFICER },
      detail: {
        what: 'fhir',
        query: { patient: of.map((i) => `facility-a|${String(i).padEnd(64, 'b')}`) },
      },
    })
    await note([...times(9, () => inFhir(1)), ...times(4, (i) => inFhir(10 + i, 20 + i))])
    await alerts.follow()
    expect(rulesIn(raised)).not.toContain('officer-searches')
    await note([inFhir(30)])
    await alerts.follow()
    expect(rulesIn(raised)).toContain('officer-searches')
  })

  it('is raised although somebody changed the database', async () => {
    await open().follow()
    await site.state.transaction(async (tx) => {
      await tx.updateTable('alerts').set({ subject: '9000000000 x' }).execute()
      const day = Math.floor(site.clock.now() / 86_400_000)
      const key = `row-mismatched|certificates reader-1|${day}`
      const row = { key, rule: 'row-mismatched', subject: '', raised_at: 0 }
      await tx.insertInto('alerts').values(row).execute()
    })
    await note(CASES['row-mismatched'].fires)
    await open().follow()
    expect(rulesIn(raised)).toEqual(['row-mismatched'])
  })

  it('is one event and one notice per person, however many gateways follow the ledger', async () => {
    const [one, other] = [open(), open()]
    await Promise.all([one.follow(), other.follow()])
    await note(CASES['row-mismatched'].fires)
    await Promise.all([one.follow(), other.follow()])
    expect(rulesIn(raised)).toEqual(['row-mismatched'])
    expect(await recorded()).toHaveLength(1)
    const rows = await site.state.db.selectFrom('outbox').select(['person', 'body']).execute()
    expect(rows.map(({ person }) => person).toSorted()).toEqual(['officer-1', 'operator-1'])
    expect(JSON.parse(rows[0]?.body ?? '')).toMatchObject({
      event: 'alert.raised',
      alert: RULES['row-mismatched'].title,
      next: RULES['row-mismatched'].next,
    })
  })

  it('is raised after a restart for what happened while no gateway ran, and not again', async () => {
    await open().follow()
    await note(CASES['locked-out'].fires)
    await open().follow()
    await open().follow()
    expect(rulesIn(raised)).toEqual(['locked-out'])
  })

  it('counts a burst across a restart', async () => {
    const alerts = open()
    await alerts.follow()
    const { fires } = CASES['mass-download']
    await note(fires.slice(0, 40))
    await alerts.follow()
    await note(fires.slice(40))
    await open().follow()
    expect(rulesIn(raised)).toEqual(['mass-download'])
  })

  it('is not raised for the people and keys that a new site begins with', async () => {
    await note(CASES['new-recipient'].fires)
    await open().follow()
    expect(raised).toEqual([])
  })

  it('is not raised by a slow sequence of what would be a burst', async () => {
    const alerts = open()
    await alerts.follow()
    for (const one of times(24, search)) {
      await note([one])
      site.clock.pass(10 * 60_000)
    }
    await alerts.follow()
    expect(rulesIn(raised)).toEqual([])
  })

  it('names nothing but an ID, a key or a row', async () => {
    const alerts = open()
    await alerts.follow()
    await note([system('sink.lost', { sink: 'a\nname <x>' }), ...times(10, search)])
    await alerts.follow()
    const text = JSON.stringify([raised, await recorded()])
    expect(raised).toHaveLength(2)
    expect(text).not.toContain('<x>')
    expect(text).not.toContain(HANDLE.slice(0, 8))
    expect(text).not.toMatch(/b{30}/)
  })
})

describe('an alert about a state', () => {
  it.each(Object.keys(STATE_RULES) as StateRuleId[])('%s', async (rule) => {
    const alerts = open()
    const { lastsMs, everyMs } = STATE_RULES[rule]
    await alerts.observe(rule, false)
    if (lastsMs > 0) {
      await alerts.observe(rule, true)
      site.clock.pass(lastsMs - 1)
      await alerts.observe(rule, true)
      expect(alerts.active().has(rule)).toBe(false)
      await alerts.observe(rule, false)
      site.clock.pass(lastsMs)
      await alerts.observe(rule, false)
    }
    expect(raised).toEqual([])
    await alerts.observe(rule, true)
    site.clock.pass(lastsMs)
    await alerts.observe(rule, true)
    await alerts.observe(rule, true)
    expect(rulesIn(raised)).toEqual([rule])
    expect(alerts.active().has(rule)).toBe(true)
    await alerts.observe(rule, false)
    expect(alerts.active().has(rule)).toBe(false)
    // Another time is another alert.
    site.clock.pass(everyMs)
    await alerts.observe(rule, true)
    site.clock.pass(lastsMs)
    await alerts.observe(rule, true)
    expect(rulesIn(raised)).toEqual([rule, rule])
    expect(await recorded()).toHaveLength(2)
  })

  it('is raised for each of its subjects', async () => {
    const alerts = open()
    for (const facility of ['facility-a', 'facility-b', 'facility-a'])
      await alerts.observe('quota-near', true, facility)
    expect(raised.map(({ subject }) => subject)).toEqual(['facility-a', 'facility-b'])
    await alerts.observe('quota-near', false, 'facility-b')
    expect(alerts.active().has('quota-near')).toBe(true)
    await alerts.observe('quota-near', false, 'facility-a')
    expect(alerts.active().has('quota-near')).toBe(false)
  })

  it('is raised once the ledger can be written again, even if the state has passed', async () => {
    const { state, ledger, clock } = site
    let isAway = true
    const alerts = createAlerts({
      tag: (text) => `tag of ${text}`,
      ...{ state, system: SYSTEM, now: clock.now },
      ledger: {
        query: (query) => ledger.query(query),
        checkpoint: () => ledger.checkpoint(),
        record: (change) =>
          isAway ? Promise.reject(new Error('the disk is full')) : ledger.record(change),
      },
      announce: () => Promise.resolve(),
      raised: (alert) => raised.push(alert),
    })
    await alerts.observe('database-away', true)
    clock.pass(60_000)
    await expect(alerts.observe('database-away', true)).rejects.toThrow()
    await expect(alerts.observe('database-away', false)).rejects.toThrow()
    isAway = false
    await alerts.observe('database-away', false)
    expect(rulesIn(raised)).toEqual(['database-away'])
    await alerts.observe('database-away', false)
    expect(await recorded()).toHaveLength(1)
  })
})
