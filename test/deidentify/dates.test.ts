import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { shiftDate, shiftDateTime, shiftTime } from '../../src/dicom/text/dates.js'
import { instance, file, valueOf } from './_build.js'
import { contextFor, run, SECRET } from './_run.js'

const DAY = 86_400
const two = (n: number): string => String(n).padStart(2, '0')

/** Seconds since 1970, by the wall clock of the writer. */
const instantOf = (date: string, time: string): number =>
  Date.UTC(
    Number(date.slice(0, 4)),
    Number(date.slice(4, 6)) - 1,
    Number(date.slice(6, 8)),
    Number(time.slice(0, 2)),
    Number(time.slice(2, 4)),
    Number(time.slice(4, 6)),
  ) / 1000

const moment = fc
  .integer({ min: Date.UTC(1950, 0, 1) / 1000, max: Date.UTC(2100, 0, 1) / 1000 })
  .map((seconds) => {
    const at = new Date(seconds * 1000)
    const date = `${String(at.getUTCFullYear())}${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}`
    const time = `${two(at.getUTCHours())}${two(at.getUTCMinutes())}${two(at.getUTCSeconds())}`
    return { date, time }
  })

describe('one shift of date and time together', () => {
  it('keeps every interval to the second, across midnight, DST and leap days, whatever the shift', () => {
    fc.assert(
      fc.property(
        moment,
        moment,
        fc.integer({ min: -3_650 * DAY, max: -30 * DAY }),
        (a, b, shift) => {
          const moved = ({ date, time }: typeof a): number =>
            instantOf(shiftDate(date, time, shift) ?? '', shiftTime(time, shift) ?? '')
          const before = instantOf(b.date, b.time) - instantOf(a.date, a.time)
          expect(moved(b) - moved(a)).toBe(before)
          const joint = shiftDateTime(a.date + a.time, shift) ?? ''
          expect(instantOf(joint.slice(0, 8), joint.slice(8))).toBe(moved(a))
        },
      ),
    )
  })

  it('is reversed by the opposite shift, which restores the dates of a report', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: -3_650, max: -30 }), ({ date, time }, days) => {
        const there = shiftDate(date, time, days * DAY) ?? ''
        expect(shiftDate(there, time, -days * DAY)).toBe(date)
      }),
    )
  })

  it('keeps ages, and times of day if shifted by whole days', async () => {
    const { bytes } = await run(
      file(instance([[0x00101010, 'AS', '053Y']])),
      contextFor('pseudonymize'),
    )
    expect(valueOf(bytes, 0x00101010)).toBe('053Y')
    expect(valueOf(bytes, 0x00080030)).toBe('235959')
    expect(valueOf(bytes, 0x00080020)).toBe('20231121')
  })
})

describe('UIDs', () => {
  it('are mapped value by value, the same in every transfer, and differently for another facility', async () => {
    const input = file([[0x00080014, 'UI', '1.2.3.4.1\\1.2.3.4']])
    const of = async (secret: Buffer, transfer: string): Promise<readonly string[]> => {
      const { bytes } = await run(input, contextFor('pseudonymize', { secret, transfer }))
      return [0x00080014, 0x0020000e, 0x0020000d].map((tag) => valueOf(bytes, tag) ?? '')
    }
    const first = '01890000-0000-7000-8000-000000000000'
    const years = '019a0000-0000-7000-8000-000000000000'
    const [both, series, study] = await of(SECRET, first)
    expect(both).toBe(`${series ?? ''}\\${study ?? ''}`)
    expect(await of(SECRET, years)).toEqual([both, series, study])
    const other = await of(Buffer.alloc(32, 8), first)
    expect(other[1]).not.toBe(series)
    expect(other[2]).not.toBe(study)
  })
})
