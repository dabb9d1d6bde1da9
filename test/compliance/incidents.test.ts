/** Incidents of the register, with the deadline of 164.404(b). */
import { describe, expect, it } from '@jest/globals'
import { incidentsOf } from '../../src/compliance/incidents.js'
import type { RegisterEntry } from '../../src/compliance/kinds.js'

const AT = Date.parse('2026-06-30T12:00:00Z')
const entry = (data: RegisterEntry['data'], more: Partial<RegisterEntry> = {}): RegisterEntry => ({
  ...{ id: 'e1', kind: 'incident', subject: 'i1', until: undefined },
  ...{ createdAt: 0, createdBy: 'officer-1', endedAt: undefined },
  data: { incident: 'i1', discovered: '2026-05-01', ...data },
  ...more,
})
const day = (text: string) => Date.parse(`${text}T00:00:00Z`)

describe('an incident', () => {
  it('has 60 calendar days, and counts as a breach until something else is decided', () => {
    expect(incidentsOf([entry({})], AT)).toEqual([
      {
        id: 'i1',
        discoveredAt: day('2026-05-01'),
        state: 'open',
        dueAt: day('2026-06-30'),
        decidedAt: undefined,
      },
    ])
  })

  it('that is no breach is done on the day of that decision', () => {
    const [one] = incidentsOf([entry({ decided: '2026-05-09', decision: 'low-probability' })], AT)
    expect(one).toMatchObject({ state: 'decided', decidedAt: day('2026-05-09') })
  })

  it('that is a breach is done when the individuals were notified', () => {
    const decided = { decided: '2026-05-09', decision: 'breach' }
    expect(incidentsOf([entry(decided)], AT)[0]?.decidedAt).toBeUndefined()
    const [notified] = incidentsOf([entry({ ...decided, notified: '2026-06-01' })], AT)
    expect(notified?.decidedAt).toBe(day('2026-06-01'))
  })

  it('no longer counts once it was ended as entered by mistake', () => {
    expect(incidentsOf([entry({}, { endedAt: AT - 1 })], AT)).toEqual([])
  })
})
