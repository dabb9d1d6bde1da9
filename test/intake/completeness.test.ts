/** The table of expected cases: when a study that arrives instance by instance is complete. */
import { describe, expect, it } from '@jest/globals'
import { dueIn } from '../../src/intake/index.js'

const rule = { quietMs: 30_000, capMs: 3_600_000 }

describe('a study is due', () => {
  const CASES = [
    // What is expected, by: opened at, last at, active, received, announced, now; due in.
    ['after the quiet time', [0, 10_000, 0, 5, undefined, 20_000], 20_000],
    ['when it was quiet long enough', [0, 10_000, 0, 5, undefined, 40_000], 0],
    ['at its cap, though instances keep coming', [0, 3_599_000, 0, 9, undefined, 3_600_000], 0],
    ['never while one arrives, even past its cap', [0, 0, 1, 9, undefined, 4_000_000], Infinity],
    ['two seconds after the last announced one', [0, 10_000, 0, 5, 5, 10_000], 2_000],
    ['at once when the announcement comes late', [0, 10_000, 0, 5, 5, 12_000], 0],
    ['after the quiet time while some are missing', [0, 10_000, 0, 4, 5, 20_000], 20_000],
    ['when more came than were announced', [0, 10_000, 0, 6, 5, 12_000], 0],
    ['not while the last announced one arrives', [0, 10_000, 1, 5, 5, 12_000], 3_588_000],
    ['later after a restart, which counts from zero', [50_000, 50_000, 0, 0, 5, 60_000], 20_000],
  ] as const

  it.each(CASES)('%s', (_what, given, due) => {
    const [openedAt, lastAt, active, received, expected, now] = given
    expect(dueIn({ openedAt, lastAt, active, received }, rule, now, expected)).toBe(due)
  })
})
