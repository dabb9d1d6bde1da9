/** Small pictures are enlarged with their shades for the text detector. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { smoothInkOf } from '../../src/deidentify/blank/smooth.js'
import { Pace } from '../../src/lib/pace.js'
import { finish } from './_run.js'

const picture = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((values) => ({ width, height, values })),
  )
const HEADER = /^P5\n(\d+) (\d+)\n255\n/

describe('a small picture', () => {
  it('becomes twice as wide and high, with no value that its neighbours do not span', () => {
    fc.assert(
      fc.property(picture, fc.boolean(), (one, isInverted) => {
        const { pgm } = finish(smoothInkOf(one, isInverted, new Pace()))
        const [header = '', width, height] = HEADER.exec(pgm.toString('latin1')) ?? []
        expect([Number(width), Number(height)]).toEqual([2 * one.width, 2 * one.height])
        const enlarged = pgm.subarray(header.length)
        expect(enlarged.length).toBe(4 * one.values.length)
        for (const [at, shade] of enlarged.entries()) {
          const [x, y] = [at % (2 * one.width), Math.floor(at / (2 * one.width))]
          const near: number[] = []
          for (const row of [(y - 1) >> 1, (y + 1) >> 1])
            for (const column of [(x - 1) >> 1, (x + 1) >> 1]) {
              const inside = (value: number, end: number) => Math.min(end - 1, Math.max(0, value))
              near.push(
                one.values[inside(row, one.height) * one.width + inside(column, one.width)] ?? -1,
              )
            }
          const value = isInverted ? 255 - shade : shade
          expect(value).toBeGreaterThanOrEqual(Math.min(...near) - 1)
          expect(value).toBeLessThanOrEqual(Math.max(...near) + 1)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('shows bright writing dark when inverted, and knows which pixels it is', () => {
    const one = { width: 2, height: 1, values: Uint8Array.of(10, 240) }
    const inverted = finish(smoothInkOf(one, true, new Pace()))
    const plain = finish(smoothInkOf(one, false, new Pace()))
    expect([inverted.isInk(0, 0), inverted.isInk(1, 0)]).toEqual([false, true])
    expect([plain.isInk(0, 0), plain.isInk(1, 0)]).toEqual([true, false])
    expect(inverted.pgm.at(-1)).toBe(15)
    expect(plain.pgm.at(-1)).toBe(240)
  })
})
