/** Elements that we encode are byte for byte what dcmjs writes. */
import { describe, expect, it } from '@jest/globals'
import dcmjs from 'dcmjs'
import fc from 'fast-check'
import { dummyOf } from '../../src/deidentify/values/dummy.js'
import {
  EXPLICIT,
  EXPLICIT_BIG,
  type Encoding,
  IMPLICIT,
} from '../../src/dicom/elements/element.js'
import { encodeElement, encodeText } from '../../src/dicom/write/write.js'

interface Stream {
  readonly offset: number
  getBuffer(start: number, end: number): ArrayBuffer
}
/** Parts of dcmjs that only this test uses. */
const { Tag, WriteBufferStream } = dcmjs.data as unknown as {
  readonly Tag: {
    fromNumbers(
      group: number,
      element: number,
    ): {
      write(stream: Stream, vr: string, values: unknown, syntax: string, options: unknown): number
    }
  }
  readonly WriteBufferStream: new (size: number, littleEndian: boolean) => Stream
}

const ENCODINGS: readonly (readonly [string, Encoding])[] = [
  ['1.2.840.10008.1.2', IMPLICIT],
  ['1.2.840.10008.1.2.1', EXPLICIT],
  ['1.2.840.10008.1.2.2', EXPLICIT_BIG],
]

function byDcmjs(tag: number, vr: string, values: readonly string[], syntax: string): Buffer {
  const stream = new WriteBufferStream(1024, syntax !== '1.2.840.10008.1.2.2')
  Tag.fromNumbers(tag >>> 16, tag & 0xffff).write(stream, vr, values, syntax, {
    allowInvalidVRLength: false,
  })
  return Buffer.from(stream.getBuffer(0, stream.offset))
}

function expectEqual(tag: number, vr: string, values: readonly string[]): void {
  for (const [syntax, encoding] of ENCODINGS)
    expect(
      encodeElement(tag, vr, encodeText(values.join('\\'), vr), encoding).toString('latin1'),
    ).toBe(byDcmjs(tag, vr, values, syntax).toString('latin1'))
}

const of = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters.split('')), minLength: 1, maxLength })
const DIGITS = '0123456789'
const CODES = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _'
const TEXT = Array.from({ length: 0x5f }, (_, at) => String.fromCharCode(0x20 + at))
  .filter((character) => character !== '\\')
  .join('')
/**
 * What the room writes under each VR: pseudonyms, remapped UIDs, shifted dates, cleaned text,
 * marks.
 */
const WRITTEN: readonly (readonly [string, fc.Arbitrary<string>, 'one' | 'several'])[] = [
  ['AE', of(CODES, 16), 'several'],
  ['AS', fc.constant('000D'), 'one'],
  ['CS', of(CODES, 16), 'several'],
  ['DA', of(DIGITS, 8), 'several'],
  ['DT', of(`${DIGITS}.+-`, 26), 'several'],
  ['LO', of(TEXT, 64), 'several'],
  ['LT', of(TEXT, 300), 'one'],
  ['PN', of(CODES, 16), 'one'],
  ['SH', of(TEXT, 16), 'several'],
  ['ST', of(TEXT, 300), 'one'],
  ['TM', of(`${DIGITS}.`, 14), 'several'],
  ['UC', of(TEXT, 300), 'several'],
  ['UI', of(`${DIGITS}.`, 64), 'several'],
  ['UT', of(TEXT, 300), 'one'],
]
const TAG = 0x00104000

describe('a newly encoded element', () => {
  it.each(WRITTEN)('of VR %s has the same bytes as from dcmjs', (vr, value, count) => {
    const values = fc.array(value, { minLength: 1, maxLength: count === 'one' ? 1 : 4 })
    fc.assert(fc.property(values, (several) => expectEqual(TAG, vr, several)))
  })

  it('that is a dummy has the same bytes as from dcmjs', () => {
    for (const vr of 'AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT'.split(' ')) {
      const dummy = dummyOf(vr)
      if (typeof dummy !== 'string') throw new Error(`${vr} has no text`)
      expectEqual(TAG, vr, [dummy])
    }
  })
})
