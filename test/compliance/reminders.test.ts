/** Reminders: the steps before each date, given once, to the people whom they concern. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { remindersDue } from '../../src/compliance/reminders/due.js'
import { giveReminders, personsOf, reminderText } from '../../src/compliance/reminders/index.js'
import type { DatedThings, ReminderGroup } from '../../src/compliance/reminders/index.js'
import { SYSTEM } from '../../src/lib/actors.js'
import { remindPeople } from '../../src/running/work.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'
import { agreement, AT, DAY, day, device, entry } from './_site.js'
import type { Entry } from './_site.js'

const NOTHING: DatedThings = {
  entries: {
    ...{ organisation: [], agreement: [], training: [], policy: [], privilege: [], device: [] },
    ...{ vendor: [], sanction: [], incident: [] },
  },
  ...{ actions: [], statements: [], incidents: [], assessment: undefined },
}
const trained = (days: number, person = 'reader-1'): Entry =>
  entry('training', person, { person, topic: 'hipaa', completed: day(-300) }, day(days))
const training = (...entries: readonly Entry[]): DatedThings => ({
  ...NOTHING,
  entries: { ...NOTHING.entries, training: entries },
})
const stepAt = (days: number) => remindersDue(training(trained(days)), AT)[0]?.step

describe('a date', () => {
  it('is reminded of at 60, 30, 14, 7 and 1 days, and weekly when it has passed', () => {
    expect([61, 60, 31, 30, 15, 14, 8, 7, 2, 1, 0, -1].map(stepAt)).toEqual([
      ...[undefined, 60, 60, 30, 30, 14, 14, 7, 7, 1, 1, 0],
    ])
    const one = training(trained(0))
    const keys = new Set<string>()
    for (let days = -70; days <= 21; days++)
      for (const { key } of remindersDue(one, AT + days * DAY)) keys.add(key)
    // Five before it; on days 1, 7, 14 and 21 after it.
    expect(keys.size).toBe(5 + 4)
  })

  it('is that of every kind of thing that has one, and of no other', () => {
    const things: DatedThings = {
      entries: {
        ...NOTHING.entries,
        agreement: [agreement('nights', { review: day(5) }, day(20))],
        device: [
          device('reader-1', { attested: day(-360) }),
          device('reader-2', { attested: day(-360), state: 'retired' }),
        ],
        training: [{ ...trained(3), endedAt: AT - 1 }],
        policy: [entry('policy', 'security', { policy: 'security' }, day(6))],
      },
      actions: [
        {
          ...{ id: 'a1', row: 'S-25', owner: 'operator-1', due: day(-3), text: 'back up' },
          ...{ createdAt: AT, doneAt: undefined, evidence: undefined },
        },
      ],
      statements: [{ id: 's1', row: 'S-33', until: day(50) }],
      incidents: [
        {
          ...{ id: 'i1', discoveredAt: AT - 50 * DAY, state: 'open', dueAt: AT + 10 * DAY },
          decidedAt: undefined,
        },
      ],
      assessment: { id: 'x1', madeAt: AT - 364 * DAY },
    }
    expect(
      remindersDue(things, AT).map(({ kind, subject, step }) => [kind, subject, step]),
    ).toEqual([
      ['action', 'operator-1', 0],
      ['assessment', 'site', 1],
      ['agreement', 'nights', 7],
      ['device', 'reader-1', 7],
      ['policy', 'security', 7],
      ['incident', 'i1', 14],
      ['agreement', 'nights', 30],
      ['statement', 'S-33', 60],
    ])
  })

  it('gets one reminder at a time, whatever the day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -900, max: 900 }), (days) => {
        const due = remindersDue(training(trained(days)), AT)
        expect(due.length).toBe(days <= 60 ? 1 : 0)
      }),
    )
  })
})

describe('reminders', () => {
  let site: TestSite
  let told: ReminderGroup[]
  let things: DatedThings
  const give = () =>
    giveReminders({
      ...{ state: site.state, ledger: site.ledger, system: SYSTEM, now: () => AT },
      things: () => Promise.resolve(things),
      announce: (_tx, group) => Promise.resolve(told.push(group)),
    })

  beforeEach(async () => {
    told = []
    site = await openTestSite()
  })
  afterEach(() => site.close())

  it('are given once, in one notice per kind and step, by one of two gateways', async () => {
    things = training(trained(5), trained(6, 'reader-2'), trained(-2, 'reader-3'))
    expect((await Promise.all([give(), give()])).sort()).toEqual([0, 3])
    expect(await give()).toBe(0)
    expect(told.map(reminderText)).toEqual([
      {
        title: 'Training is overdue',
        next: 'train the person, then: nocturne register add training',
        subject: `reader-3, ${day(-2)}`,
      },
      expect.objectContaining({
        ...{ title: 'Training ends within 7 days', subject: `2 entries, the first on ${day(5)}` },
      }),
    ])
    expect(told.map(personsOf)).toEqual([['reader-3'], ['reader-1', 'reader-2']])
    const events = await site.events()
    expect(events.map(({ type, outcome, detail }) => [type, outcome, detail])).toMatchObject([
      ['reminder.given', 4, { kind: 'training', days: 0, count: 1 }],
      ['reminder.given', 0, { kind: 'training', days: 7, count: 2 }],
    ])
  })

  it('are not lost when the notice cannot be written', async () => {
    things = training(trained(5))
    const failing = giveReminders({
      ...{ state: site.state, ledger: site.ledger, system: SYSTEM, now: () => AT },
      things: () => Promise.resolve(things),
      announce: () => Promise.reject(new Error('the disk is full')),
    })
    await expect(failing).rejects.toThrow()
    expect(await give()).toBe(1)
  })
})

describe('the round', () => {
  it('raises the alert about an overdue review again in each round, and ends it with the review', async () => {
    const seen: boolean[] = []
    let isReviewOverdue = true
    const round = () =>
      remindPeople({
        remind: () => Promise.resolve({ given: 0, isReviewOverdue }),
        alerts: {
          follow: () => Promise.resolve(),
          observe: (rule, holds) => {
            expect(rule).toBe('review-overdue')
            seen.push(holds)
            return Promise.resolve()
          },
        },
        logger: { info: () => undefined } as never,
      })
    await round()
    isReviewOverdue = false
    await round()
    expect(seen).toEqual([false, true, false, false])
  })
})
