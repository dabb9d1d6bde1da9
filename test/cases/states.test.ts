import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { CASE_STATES, CASE_STEPS, nextCaseState } from '../../src/cases/states.js'
import { newCaseCode, readCaseCode } from '../../src/lib/case-code.js'

describe('the table of states', () => {
  it('has exactly these transitions', () => {
    const lines = CASE_STATES.map((state) =>
      [
        state,
        ...CASE_STEPS.flatMap((step) => {
          const next = nextCaseState(state, step)
          return next === undefined ? [] : [`${step}=${next}`]
        }),
      ].join(' '),
    )
    expect(lines).toEqual([
      'arriving arrive=arriving deliver=waiting close=closed recall=recalled',
      'waiting arrive=waiting deliver=waiting claim=claimed preliminary=preliminary final=final acknowledge=closed close=closed recall=recalled join=closed split=waiting share=waiting await=partial',
      'claimed arrive=claimed deliver=claimed claim=claimed unclaim=waiting preliminary=preliminary final=final addendum=final acknowledge=closed close=closed recall=recalled join=closed split=claimed share=claimed await=partial',
      'preliminary arrive=preliminary deliver=waiting claim=finalizing preliminary=preliminary final=final acknowledge=preliminary close=closed recall=recalled share=preliminary await=partial',
      'finalizing arrive=finalizing deliver=finalizing claim=finalizing unclaim=preliminary preliminary=preliminary final=final addendum=preliminary acknowledge=finalizing close=closed recall=recalled share=finalizing await=partial',
      'partial arrive=partial deliver=waiting addendum=partial close=closed recall=recalled complete=final rejoin=waiting',
      'final arrive=final deliver=waiting addendum=final close=closed',
      'closed arrive=closed deliver=waiting preliminary=closed final=closed addendum=closed',
      'recalled',
    ])
  })

  it('leads from every state except recalled to one in which new images are read', () => {
    for (const state of CASE_STATES.filter((one) => one !== 'recalled'))
      expect(['waiting', 'claimed', 'finalizing']).toContain(nextCaseState(state, 'deliver'))
  })
})

describe('case codes', () => {
  it('contain no vowel and no ambiguous character, and a digit in each half', () => {
    for (let i = 0; i < 2_000; i++)
      expect(newCaseCode()).toMatch(
        /^(?=[A-Z]*\d)[B-DF-HJ-KMNP-RTV-XZ2346789]{3}-(?=[A-Z]*\d)[B-DF-HJ-KMNP-RTV-XZ2346789]{3}$/,
      )
  })

  it('are accepted as people type them, and nothing else is accepted', () => {
    const code = newCaseCode()
    for (const typed of [
      code,
      code.toLowerCase(),
      code.replace('-', ''),
      ` ${code.replace('-', ' ')} `,
    ])
      expect(readCaseCode(typed)).toBe(code)
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const read = readCaseCode(text)
        expect(read === undefined || readCaseCode(read) === read).toBe(true)
      }),
    )
    for (const wrong of ['K7O-4MD', 'KKK-4MD', 'K7Q-4M', '', 'K7Q--4MD'])
      expect(readCaseCode(wrong)).toBeUndefined()
  })
})
