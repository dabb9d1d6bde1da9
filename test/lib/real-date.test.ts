import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { instant } from '../../src/cli/arguments.js'
import { isRealDate } from '../../src/lib/real-date.js'

describe('dates', () => {
  it.each(['2026-02-30', '2026-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '2026-01-32'])(
    'refuses %s, alone and with a time',
    (day) => {
      for (const text of [day, `${day}T10:00:00Z`, `${day}T10:00:00+02:00`]) {
        expect(isRealDate(text)).toBe(false)
        expect(() => instant(text)).toThrow(/no such date/)
      }
    },
  )

  it('accepts every day that exists', () => {
    const days = fc.date({
      min: new Date('0001-01-01'),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(days, (date) => {
        expect(isRealDate(date.toISOString())).toBe(true)
        expect(isRealDate(date.toISOString().slice(0, 10))).toBe(true)
      }),
    )
    expect(instant('2024-02-29')).toBe('2024-02-29T00:00:00.000Z')
    expect(() => instant('yesterday')).toThrow(/give a date such as/)
  })
})
