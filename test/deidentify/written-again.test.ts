/**
 * Names, numbers and dates of the patient, repeated in other forms where Table E.1-1 does not
 * expect them.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeDefault, decodeWith } from '../../src/dicom/text/charset.js'
import { fold, isVerbatim } from '../../src/deidentify/text/fold.js'
import { Identifiers } from '../../src/deidentify/search/identifiers.js'
import { Matcher } from '../../src/deidentify/search/matcher.js'
import { file, type Written } from './_build.js'
import { run, withPixels } from './_run.js'

const MANUFACTURER = 0x00080070
const VERSION = 0x00181020
const name = (value: string | Buffer): Written => [0x00100010, 'PN', value]
const id = (value: string): Written => [0x00100020, 'LO', value]
const born: Written = [0x00100030, 'DA', '19700321']
const unicode: Written = [0x00080005, 'CS', 'ISO_IR 192']
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

describe('nothing remains of', () => {
  it.each<[string, Written[], string, string]>([
    ['a number with added separators', [id('123456789')], 'for 123-456-789', '123-456-789'],
    ['a number with added spaces', [id('123456789')], 'v1 123 456 789', '456 789'],
    ['a number without its letters', [id('MRN-0012345')], 'X 12345 y', '12345'],
    ['a name of several words as one', [name('DE LA CRUZ^ANA')], 'delacruz', 'delacruz'],
    ['a full name as one word', [name('DE LA CRUZ^ANA')], 'x anadelacruz1', 'delacruz'],
    ['a name without its apostrophe', [name("O'NEIL^AL")], 'by Oneil', 'neil'],
    ['a short name as a word', [name('LI^WEI')], 'WEI_LI', 'wei_li'],
    ['a birth date with its month by name', [born], 'since 21 MAR 1970', '21 mar'],
    ['a birth date in American form', [born], 'March 21, 1970', 'march'],
    ['a birth date without leading zeros', [born], 'on 1970-3-21', '1970-3-21'],
    [
      'a telephone number without country code',
      [[0x00102154, 'SH', '+1 (555) 123-4567']],
      'call 555 123 4567',
      '4567',
    ],
    [
      'another number of the patient',
      [[0x00101000, 'LO', 'AAA111\\BBB222']],
      'see BBB222',
      'bbb222',
    ],
  ])('%s', async (_, more, text, left) => {
    const { bytes } = await run(file([...more, [MANUFACTURER, 'LO', text], [VERSION, 'LO', text]]))
    expect(bytes.toString('latin1').toLowerCase()).not.toContain(left)
  })

  it.each<[string, string, string, string]>([
    ['Chinese', 'Wang^XiaoDong=王^小东', '设备王小东使用', '小东'],
    ['Chinese, of two characters', 'Ouyang^Na=欧阳^娜', '欧阳医生', '欧阳'],
    ['Korean', 'Hong^Gildong=洪^吉洞=홍^길동', '장비홍길동', '길동'],
    ['Japanese', 'Yamada^Tarou=山田^太郎=やまだ^たろう', '山田太郎様', '太郎'],
    ['Arabic', 'محمد^علي', 'جهاز محمد علي', 'محمد'],
    ['German, without the letters of its own', 'Müllermann^Jörg', 'bei Muellermann', 'ueller'],
    ['German, without accents', 'Müllermann^Jörg', 'bei Mullermann', 'uller'],
  ])('a name in %s, inside other text', async (_, person, text, left) => {
    const { bytes } = await run(
      file([unicode, name(utf8(person)), [MANUFACTURER, 'LO', utf8(text)]]),
    )
    expect(bytes.includes(Buffer.from(left))).toBe(false)
  })

  it('a name in UTF-16, in a binary value', async () => {
    for (const text of [
      Buffer.from('xSMITHSONx', 'utf16le'),
      Buffer.from('SMITHSON', 'utf16le').swap16(),
    ]) {
      const input = file([name('SMITHSON^JANE'), [0x00281201, 'OW', text]])
      expect(input.includes(text)).toBe(true)
      expect((await run(input)).bytes.includes(text)).toBe(false)
    }
  })

  it('a name in the UID of a class', async () => {
    const { bytes } = await run(file([name('SMITHSON^JANE'), [0x00080062, 'UI', 'SMITHSON.1']]))
    expect(bytes.includes('SMITHSON')).toBe(false)
  })
})

describe('versions and numbers that identify nobody', () => {
  it('are kept unchanged', async () => {
    const more: Written[] = [
      name('LI^AN'),
      id('4711'),
      [MANUFACTURER, 'LO', 'Alliance Inc. 2024'],
      [VERSION, 'LO', 'syngo MR 1.2.34-56'],
    ]
    const text = (await run(file(more), withPixels('pass'))).bytes.toString('latin1')
    expect(text).toContain('Alliance Inc. 2024')
    expect(text).toContain('syngo MR 1.2.34-56')
  })
})

describe('the search in bytes', () => {
  it('finds the same as a search at every position without zeros, however the bytes are split', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 2, maxLength: 5 })
    const byte = fc.constantFrom(0, 0x61, 0x62, 0x63, 0x78)
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 4 }),
        fc.array(byte, { maxLength: 40 }),
        fc.nat(40),
        (inside, bytes, cut) => {
          const matcher = new Matcher({ inside }, 10_000)
          const value = Buffer.from(bytes)
          const text = value.toString('latin1').replaceAll('\0', '')
          const middle = Math.min(cut, value.length)
          const state = matcher.follow(value, 0, 0, middle)
          const end = state === -1 ? -1 : matcher.follow(value, state, middle, value.length)
          expect(end === -1).toBe(inside.some((token) => text.includes(token)))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('the search in undecoded text', () => {
  const identifiers = new Identifiers({ device: true, institution: true })
  const whole = { start: 0, valueStart: 0, undefinedLength: false }
  const add = (tag: number, vr: string, value: Buffer) => {
    const element = { ...whole, tag, vr, valueEnd: value.length, end: value.length }
    identifiers.add(element, value, decodeDefault)
  }
  add(0x00100010, 'PN', Buffer.from('SMITH^LEE'))
  add(0x00100020, 'LO', Buffer.from('123456'))

  it('finds the same as a search in the decoded text and in the bytes', () => {
    const parts = [
      'smith',
      'lee',
      '123456',
      'x',
      'SMITH',
      'Lee',
      '12',
      '34',
      '56',
      '-',
      ' ',
      '. ',
      '\r\n',
      'é',
      'É',
    ]
    const piece = fc.constantFrom(...parts, '\0', '\x1b(B', 's\0m\0i\0t\0h', '0')
    const decodes = [decodeDefault, decodeWith('ISO_IR 192'), decodeWith('\\ISO 2022 IR 87')]
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.constantFrom(...decodes),
        fc.boolean(),
        fc.nat(3),
        (pieces, decode, areBytesKnown, start) => {
          const buffer = Buffer.from(`smi${pieces.join('')}`, 'latin1')
          const value = buffer.subarray(start)
          const expected =
            identifiers.isInText(fold(decode(value))) ||
            (!areBytesKnown && !isVerbatim(decode(value), value) && identifiers.isInBytes(value))
          expect(identifiers.isInWritten(buffer, start, buffer.length, decode, areBytesKnown)).toBe(
            expected,
          )
        },
      ),
      { numRuns: 3000 },
    )
  })
})
