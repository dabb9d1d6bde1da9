/** A header that is compared with an earlier one gives the elements that reading it would give. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { keepChecked, sinceChecked } from '../../src/deidentify/checked-before.js'
import { Identifiers } from '../../src/deidentify/search/identifiers.js'
import { Budget, readDataset } from '../../src/dicom/index.js'
import {
  EXPLICIT,
  EXPLICIT_BIG,
  IMPLICIT,
  type Element,
  type Encoding,
} from '../../src/dicom/elements/index.js'
import { Pace } from '../../src/lib/pace.js'
import { dataset, type Written } from './_build.js'
import { finish } from './_run.js'

const HEADER: readonly Written[] = [
  [0x00080005, 'CS', 'ISO_IR 100'],
  [0x00080018, 'UI', '1.2.3.4'],
  [0x00081030, 'LO', 'CHEST W/O CONTRAST'],
  [0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2.3.9']]], isOpen: true }],
  [0x00091001, 'UN', Buffer.from('bytes')],
  [0x00120064, 'SQ', { items: [[[0x00080100, 'SH', '113100']]] }],
  [0x00200013, 'IS', '12'],
  [0x00281050, 'DS', '40\\300'],
]

const read = (bytes: Buffer, encoding: Encoding): readonly Element[] =>
  finish(readDataset(bytes, encoding, new Budget(new Pace())))

/** What passed before, in each encoding. */
const CASES = (
  [
    [EXPLICIT, 'explicit'],
    [IMPLICIT, 'implicit'],
    [EXPLICIT_BIG, 'big'],
  ] as const
).map(([encoding, name]) => {
  const header = dataset(HEADER, name)
  const owner = {
    identifiers: new Identifiers({ device: false, institution: false }),
    code: 'CODE',
  }
  keepChecked(header, read(header, encoding), encoding, owner)
  return { encoding, header, owner }
})

describe('a header compared with one that was checked', () => {
  it('has the elements that a reader finds in it, whatever bytes differ', () => {
    let taken = 0
    const change = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(fc.constantFrom(...CASES), fc.array(change, { maxLength: 3 }), (one, changes) => {
        const { encoding, header, owner } = one
        const bytes = Buffer.from(header)
        for (const [at, byte] of changes) bytes.writeUInt8(byte, at % bytes.length)
        const since = sinceChecked(bytes, encoding, owner)
        if (since === undefined) return
        taken += 1
        expect(since.elements).toEqual(read(bytes, encoding))
        const differs = ({ start, end }: Element) =>
          !bytes.subarray(start, end).equals(header.subarray(start, end))
        expect(since.changed).toEqual(since.elements.filter(differs))
      }),
      { numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(100)
  })

  it('is read in full for other people, another code, length, encoding or character set', () => {
    for (const { encoding, header, owner } of CASES) {
      expect(sinceChecked(header, encoding, owner)?.changed).toEqual([])
      const others = new Identifiers({ device: false, institution: false })
      expect(sinceChecked(header, encoding, { ...owner, identifiers: others })).toBeUndefined()
      expect(sinceChecked(header, encoding, { ...owner, code: 'OTHER' })).toBeUndefined()
      expect(sinceChecked(header.subarray(2), encoding, owner)).toBeUndefined()
      const another = encoding === EXPLICIT ? IMPLICIT : EXPLICIT
      expect(sinceChecked(header, another, owner)).toBeUndefined()
      const set = Buffer.from(header.toString('latin1').replace('IR 100', 'IR 144'), 'latin1')
      expect(sinceChecked(set, encoding, owner)).toBeUndefined()
      const item = Buffer.from(header.toString('latin1').replace('1.2.3.9', '1.2.3.8'), 'latin1')
      expect(sinceChecked(item, encoding, owner)).toBeUndefined()
    }
  })
})
