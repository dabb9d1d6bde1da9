/** Files made to be disproportionately expensive to process. */
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Matcher } from '../../src/deidentify/search/matcher.js'
import { CT, dataset, file, instance, part10, type Written } from './_build.js'
import { codeOf, contextFor } from './_run.js'

const FUNCTIONAL_GROUPS = 0x52009229
const roomy = contextFor('pseudonymize', { headerBytes: 32 * 1024 * 1024 })
const emptyItems = (count: number): Written => [
  FUNCTIONAL_GROUPS,
  'SQ',
  { items: Array.from({ length: count }, () => []) },
]
const text = (tag: number, vr: string, bytes: number, pattern: string): Written => [
  tag,
  vr,
  Buffer.concat([Buffer.alloc(bytes, pattern), Buffer.from('xx')]),
]

describe('a header made to be expensive', () => {
  it.each<[string, Buffer]>([
    ['items', file([emptyItems(210_000)])],
    ['text', file([text(0x0040a160, 'UT', 300_000, ' ')])],
    ['names', file([[0x00100010, 'PN', 'A^B\\'.repeat(8000)]])],
    [
      'different names',
      file([
        [
          FUNCTIONAL_GROUPS,
          'SQ',
          {
            items: Array.from({ length: 2500 }, (_, n) => [
              [0x00081070, 'PN', `name${String(n)}`] as const,
            ]),
          },
        ],
      ]),
    ],
    ['UIDs', file([[0x00081155, 'UI', '1.2\\'.repeat(5000)]])],
  ])('of %s is refused', async (_, input) => {
    expect(await codeOf(input, roomy)).toBe('header_too_complex')
  })

  it('may not contain more elements than its deflated bytes allow', async () => {
    const body = deflateRawSync(dataset(instance([emptyItems(100_000)])))
    expect(body.length).toBeLessThan(5000)
    expect(await codeOf(part10(body, '1.2.840.10008.1.2.1.99'), roomy)).toBe('header_too_complex')
  })

  it.each<[string, Buffer]>([
    ['spaces before the end', file([text(0x0040a160, 'UT', 200_000, ' ')])],
    ['a UID that ends in spaces', file([text(0x00080016, 'UI', 60, `${CT}    `)])],
    ['words without end', file([text(0x00081030, 'LO', 60_000, 'a.')])],
    ['almost a name', file([text(0x00282000, 'OB', 4_000_000, 'smithso')])],
  ])('is read in one pass over %s', async (_, input) => {
    // If the work grew as the square of the length, each file would take minutes and the test would
    // not finish.
    await expect(codeOf(input, roomy)).resolves.not.toBe('unsafe_step_failed')
  })

  it('yields to other tasks', async () => {
    const input = file([emptyItems(100_000)])
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    expect(await codeOf(input, roomy)).toBeUndefined()
    isOver = true
    // Reading the source does not yield, because all its chunks are available immediately.
    expect(turns).toBeGreaterThan(3)
  })
})

describe('names that differ only in accents', () => {
  it('are counted individually: they fold to few texts but are many as bytes', async () => {
    const letters = [...Array(60).keys()].map((at) => String.fromCharCode(0xc0 + at))
    const words = letters.flatMap((a) => letters.map((b) => `${a}${b}${a}`))
    const names = Array.from({ length: 4 }, (_, at) => words.slice(at * 900, (at + 1) * 900))
    const items = names.map((some): Written[] => [
      [0x00100010, 'PN', Buffer.from(some.join(' '), 'latin1')],
    ])
    const characterSet: Written = [0x00080005, 'CS', 'ISO_IR 100']
    const input = file([characterSet, [0x00081140, 'SQ', { items }]])
    expect(await codeOf(input)).toBe('header_too_complex')
  })
})

describe('the search for many tokens', () => {
  const letters = fc.stringMatching(/^[ab\u0101 ]{0,12}$/)
  const token = fc.stringMatching(/^[ab\u0101]{1,5}$/)

  it('finds the same as a separate search for each', () => {
    fc.assert(
      fc.property(letters, fc.array(token), fc.array(token), (text, inside, words) => {
        const isWord = (word: string) =>
          new RegExp(`(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`, 'u').test(text)
        expect(new Matcher({ inside, words }, 1e6).isIn(text)).toBe(
          inside.some((one) => text.includes(one)) || words.some(isWord),
        )
      }),
    )
  })

  it('continues across the boundary between two parts of the bytes', () => {
    const bytes = fc.stringMatching(/^[abAB]{0,12}$/)
    const plain = fc.stringMatching(/^[ab]{1,4}$/)
    fc.assert(
      fc.property(bytes, fc.array(plain), fc.nat(12), (text, inside, cut) => {
        const matcher = new Matcher({ inside }, 1e6)
        const first = matcher.follow(Buffer.from(text.slice(0, cut)), 0)
        const state = first === -1 ? -1 : matcher.follow(Buffer.from(text.slice(cut)), first)
        expect(state === -1).toBe(inside.some((one) => text.toLowerCase().includes(one)))
      }),
    )
  })

  it('misses nothing in large values, whatever zeros are in between', () => {
    const tokens = fc.array(fc.stringMatching(/^[abc]{4,7}$/), { minLength: 1, maxLength: 6 })
    const noise = fc.stringMatching(/^[abcABCx\0]{0,80}$/)
    fc.assert(
      fc.property(
        tokens,
        noise,
        noise,
        fc.boolean(),
        fc.boolean(),
        (inside, left, right, isIn, isWide) => {
          const token = isWide ? Array.from(inside[0] ?? '').join('\0') : (inside[0] ?? '')
          const bytes = left + (isIn ? token : '') + right
          const found = new Matcher({ inside }, 1e6).follow(
            Buffer.from(bytes + 'x'.repeat(5000)),
            0,
          )
          const plain = bytes.replaceAll('\0', '').toLowerCase()
          expect(found === -1).toBe(inside.some((one) => plain.includes(one)))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('finds each of many tokens, but no near match', () => {
    const inside = Array.from({ length: 400 }, (_, at) => String(10_000_000 + at * 137_911))
    const matcher = new Matcher({ inside }, 1e6)
    for (const token of inside) {
      expect(matcher.isIn(`no. ${token.slice(0, 7)} ${token}`)).toBe(true)
      expect(matcher.follow(Buffer.from(`1${token}`), 0)).toBe(-1)
      expect(matcher.isInAscii(Buffer.from(`${token.slice(0, 7)}x${token}`), 0, 15)).toBe(false)
    }
  })

  it('refuses a table that is too large', () => {
    expect(() => new Matcher({ inside: ['abcdef'] }, 20)).toThrow(RangeError)
  })
})
