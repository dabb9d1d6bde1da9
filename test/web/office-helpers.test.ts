/** What an officer's page makes of events: words, and one line per person and hour. */
import { describe, expect, it } from '@jest/globals'
import type { EventAnswer } from '../../src/protocol/http/audit.js'
import {
  aboutOf,
  whatOf,
  whereFromOf,
  whoOf,
  whyOf,
} from '../../src/web/pages/office/event-words.js'
import { doneText, rollUp } from '../../src/web/pages/office/roll-up.js'
import { endOfDay, localHour, startOfDay } from '../../src/web/pages/tables/times.js'

const READER = { id: 'reader-1', role: 'reader', method: 'token', address: '10.0.0.7' }
const event = (index: number, time: string, more: Partial<EventAnswer['entry']> = {}) =>
  ({
    index,
    entry: {
      ...{ type: 'download.ended', outcome: 0, actor: READER },
      ...{ time: `2026-11-30T${time}.000Z`, ...more },
    },
  }) satisfies EventAnswer

describe('an event in words', () => {
  it('says who, what, where from and why', () => {
    const refused = event(1, '03:00:00', {
      ...{ type: 'access.refused', outcome: 8, transfer: '01a22ec2-3764-7017-ad3f-055d6a522d13' },
      detail: { action: 'audit.read', rule: 'not for this role' },
    })
    expect([whoOf(refused), whatOf(refused), whereFromOf(refused), whyOf(refused)]).toEqual([
      'reader-1 (reader)',
      'a request was refused, failed seriously',
      '10.0.0.7',
      'not for this role',
    ])
    expect(aboutOf(refused)).toBe('01a22ec2-3764-7017-ad3f-055d6a522d13')
  })

  it('names the case by its code, and does not take the code for a reason', () => {
    const claimed = event(1, '03:00:00', {
      ...{ type: 'transfer.claimed', detail: { case: 'x', code: 'K7Q-4MD' } },
    })
    expect([aboutOf(claimed), whyOf(claimed)]).toEqual(['K7Q-4MD', 'treatment'])
  })

  it('says that a download was outside duty hours, and shows an event of a newer gateway', () => {
    expect(whyOf(event(1, '03:00:00', { detail: { duty: 'outside' } }))).toBe(
      'outside duty hours; treatment',
    )
    expect(whatOf(event(1, '03:00:00', { type: 'no.such' }))).toBe('an event from a newer gateway')
  })
})

describe('a timeline', () => {
  it('has one line per person and hour, with every event in exactly one of them', () => {
    const events = [
      event(0, '03:00:00', { type: 'download.begun' }),
      event(1, '03:10:00'),
      event(2, '03:20:00', { actor: { id: 'officer-1', role: 'officer' }, type: 'ledger.read' }),
      event(3, '03:59:59', { outcome: 4 }),
      event(4, '04:00:00'),
    ]
    const rolls = rollUp(events)
    expect(rolls.map(({ hour, who, failures }) => [hour, who, failures])).toEqual([
      [localHour('2026-11-30T03:00:00Z'), 'reader-1 (reader)', 1],
      [localHour('2026-11-30T03:00:00Z'), 'officer-1 (officer)', 0],
      [localHour('2026-11-30T04:00:00Z'), 'reader-1 (reader)', 0],
    ])
    expect(rolls[0] && doneText(rolls[0])).toBe('2 × a download ended · a download began')
    expect(rolls.flatMap(({ events: of }) => of).toSorted((a, b) => a.index - b.index)).toEqual(
      events,
    )
  })
})

describe('a day', () => {
  it('is from one local midnight to the next, also when the clocks change', () => {
    for (const day of ['2026-11-30', '2026-03-29', '2026-10-25', '2026-12-31']) {
      const hours =
        (Date.parse(endOfDay(day) ?? '') - Date.parse(startOfDay(day) ?? '')) / 3_600_000
      expect(hours).toBeGreaterThanOrEqual(23)
      expect(hours).toBeLessThanOrEqual(25)
    }
    expect([startOfDay(''), endOfDay('')]).toEqual([undefined, undefined])
  })
})
