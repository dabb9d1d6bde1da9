import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { deidentify } from '../../src/deidentify/index.js'
import {
  dataset,
  file,
  fragments,
  instance,
  part10,
  SYNTAX,
  topLevel,
  valueOf,
  type Encoding,
  type Written,
} from './_build.js'
import { codeOf, contextFor, received, run, withPixels } from './_run.js'

const NAME = /smithson|janette/i
const PIXELS = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) & 0xff))
const DEFLATED = '1.2.840.10008.1.2.1.99'
const JPEG = '1.2.840.10008.1.2.4.50'

const nested: Written = [
  0x52009229,
  'SQ',
  {
    isOpen: true,
    items: [[[0x00089124, 'SQ', { items: [[[0x00100010, 'PN', 'SMITHSON^JANETTE']]] }]]],
  },
]

describe('every encoding of a data set', () => {
  it.each<Encoding>(['implicit', 'explicit', 'big'])(
    'has the name removed at every depth under %s',
    async (encoding) => {
      const { bytes, facts } = await run(file([nested, [0x7fe00010, 'OW', PIXELS]], encoding))
      expect(bytes.toString('latin1')).not.toMatch(NAME)
      expect(bytes.subarray(-PIXELS.length).equals(PIXELS)).toBe(true)
      expect(facts.transferSyntaxUID).toBe(SYNTAX[encoding])
    },
  )

  it.each<Encoding>(['implicit', 'explicit', 'big'])(
    'is read as %s without preamble and without group 0002',
    async (encoding) => {
      const { bytes, facts } = await run(dataset(instance(), encoding))
      expect(facts.transferSyntaxUID).toBe(SYNTAX[encoding])
      expect(bytes.toString('latin1', 128, 132)).toBe('DICM')
    },
  )

  it('is inflated, rewritten and deflated again', async () => {
    const plain = dataset(instance([[0x7fe00010, 'OW', PIXELS]]))
    const { bytes, facts } = await run(part10(deflateRawSync(plain), DEFLATED))
    expect(facts.transferSyntaxUID).toBe(DEFLATED)
    const { inflateRawSync } = await import('node:zlib')
    const length = bytes.readUInt32LE(140) + 144
    const inner = inflateRawSync(bytes.subarray(length))
    expect(inner.toString('latin1')).not.toMatch(NAME)
    expect(inner.subarray(-PIXELS.length).equals(PIXELS)).toBe(true)
  })

  it('is followed into a sequence written as UN with an undefined length', async () => {
    const sequence: Written = [
      0x00081140,
      'UN',
      {
        isOpen: true,
        items: [
          [
            [0x00081155, 'UI', '1.2.3.9'],
            [0x00100010, 'PN', 'SMITHSON'],
          ],
        ],
      },
    ]
    const { bytes } = await run(file([sequence]))
    expect(bytes.toString('latin1')).not.toMatch(NAME)
    expect(bytes.includes('1.2.3.9')).toBe(false)
  })

  it('has its fragments copied byte for byte, even with a delimiter inside one', async () => {
    const value = fragments(Buffer.from('feffdde000000000', 'hex'), PIXELS, Buffer.alloc(0))
    const input = part10(dataset(instance([[0x7fe00010, 'OB', value, 'open']])), JPEG)
    const { bytes } = await run(input)
    expect(bytes.subarray(-value.length).equals(value)).toBe(true)
  })

  describe('the frame offset tables', () => {
    const numbers = (...values: readonly number[]): Buffer =>
      Buffer.concat(
        values.map((value) => {
          const bytes = Buffer.alloc(8)
          bytes.writeBigUInt64LE(BigInt(value))
          return bytes
        }),
      )
    const value = fragments(PIXELS, PIXELS)
    const tables: readonly Written[] = [
      [0x7fe00001, 'OV', numbers(0, PIXELS.length + 8)],
      [0x7fe00002, 'OV', numbers(PIXELS.length, PIXELS.length)],
      [0x7fe00003, 'UV', numbers(value.length)],
    ]
    const withTables = (own: readonly Written[], icon: readonly Written[] = []): Buffer => {
      const elements: readonly Written[] = [
        [0x52009229, 'SQ', { items: [icon] }],
        ...own,
        [0x7fe00010, 'OB', value, 'open'],
      ]
      return part10(dataset(instance(elements)), JPEG)
    }

    it('are copied with the pixels, byte for byte', async () => {
      const { bytes } = await run(withTables(tables))
      const kept = Buffer.concat([dataset(tables), Buffer.from('e07f1000', 'hex')])
      expect(bytes.includes(kept)).toBe(true)
    })

    it('are removed with the pixels of an icon', async () => {
      const { bytes } = await run(withTables([], tables))
      expect(bytes.includes(Buffer.from('e07f0100', 'hex'))).toBe(false)
    })

    it('are removed if they are not numbers, and contain no identifier', async () => {
      const { bytes } = await run(withTables([[0x7fe00001, 'OB', Buffer.from('someone ')]]))
      expect(bytes.includes('someone')).toBe(false)
      const named: Written = [0x7fe00001, 'OV', Buffer.from('SMITHSON')]
      expect(await codeOf(withTables([named]))).toBe('identifier_left')
    })
  })

  it('drops private groups, signatures and padding after the pixels', async () => {
    const tail: Written[] = [
      [0x7fe00010, 'OW', PIXELS],
      [0x7fe10010, 'LO', 'SMITHSON'],
      [0x7fe11001, 'UN', Buffer.from('SMITHSON^JANETTE')],
      [0xfffafffa, 'SQ', { isOpen: true, items: [[[0x00100010, 'PN', 'SMITHSON']]] }],
      [0xfffcfffc, 'OB', Buffer.from('JANETTE ')],
    ]
    const { bytes, report } = await run(file(tail))
    expect(bytes.subarray(-PIXELS.length).equals(PIXELS)).toBe(true)
    expect(report.slice(-4).map(({ path }) => path)).toEqual([
      '7FE10010',
      '7FE11001',
      'FFFAFFFA',
      'FFFCFFFC',
    ])
  })

  it.each<Encoding>(['implicit', 'explicit', 'big'])(
    'keeps empty sequences and empty items under %s',
    async (encoding) => {
      const sequence = (isOpen: boolean): Written => [
        0x00089215,
        'SQ',
        { isOpen, items: [[], [[0x00080100, 'SH', 'A']], []] },
      ]
      for (const isOpen of [false, true]) {
        const written = dataset([sequence(isOpen), [0x00400260, 'SQ', { items: [] }]], encoding)
        const input = file([sequence(isOpen), [0x00400260, 'SQ', { items: [] }]], encoding)
        const { bytes } = await run(input)
        const first = dataset([sequence(isOpen)], encoding)
        expect(bytes.includes(first)).toBe(true)
        expect(bytes.includes(written.subarray(first.length))).toBe(true)
      }
    },
  )

  it('keeps text in several character sets byte for byte', async () => {
    const maker = Buffer.from('\x1b$B;3ED\x1b(B no', 'latin1')
    const { bytes } = await run(
      file([
        [0x00080005, 'CS', '\\ISO 2022 IR 87'],
        [0x00080070, 'LO', maker],
      ]),
    )
    expect(topLevel(bytes).get(0x00080070)?.subarray(0, maker.length).equals(maker)).toBe(true)
  })

  it('drops zero bytes after the last element', async () => {
    const { bytes } = await run(Buffer.concat([file(), Buffer.alloc(1000)]))
    expect(bytes.equals((await run(file())).bytes)).toBe(true)
  })
})

describe('input that cannot be read completely', () => {
  const truncated = file([[0x7fe00010, 'OW', PIXELS]]).subarray(0, -1)
  const short = file().subarray(0, -3)
  const deep = (levels: number): Written =>
    levels === 0
      ? [0x00100010, 'PN', 'X']
      : [0x00081140, 'SQ', { isOpen: true, items: [[deep(levels - 1)]] }]
  const overrun = (() => {
    const bytes = file([[0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2.3']]] }]])
    const at = bytes.lastIndexOf(Buffer.from('080055115549', 'hex')) + 6
    bytes.writeUInt16LE(4000, at)
    return bytes
  })()
  it.each<[string, Buffer]>([
    ['empty_file', Buffer.alloc(0)],
    ['not_dicom', Buffer.from('this is a letter, not an image')],
    ['truncated', truncated],
    ['truncated', short],
    ['malformed', overrun],
    ['header_too_complex', file([deep(70)])],
    [
      'malformed',
      part10(dataset([...instance(), [0x00200010, 'SH', '1'], [0x00200010, 'SH', '2']])),
    ],
    [
      'malformed',
      part10(dataset([...instance([[0x7fe00010, 'OW', PIXELS]]), [0x00100010, 'PN', 'X']])),
    ],
    ['malformed', part10(Buffer.from('not deflated at all'), DEFLATED)],
    ['truncated', part10(deflateRawSync(dataset(instance())).subarray(0, -20), DEFLATED)],
    ['unsupported_syntax', part10(dataset(instance()), '1.2.840.113619.5.2')],
    ['header_over_limit', file([[0x00282000, 'OB', Buffer.alloc(70_000)]])],
    ['missing_identity', file([[0x0020000d, 'UI', '']])],
    ['private_sop_class', file([[0x00080016, 'UI', '1.3.12.2.1107.5.9.1']])],
    ['private_sop_class', file([[0x00080016, 'UI', '1.2.840.10008.5.1.4.1,1.1']])],
    ['recorded_sound', file([[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.9.4.1']])],
    ['encapsulated_document', file([[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.104.1']])],
    ['media_directory', file([[0x00080016, 'UI', '1.2.840.10008.1.3.10']])],
  ])('is %s', async (code, input) => {
    expect(await codeOf(input, contextFor('strip', { headerBytes: 65_536 }))).toBe(code)
  })

  it('fails while streaming the pixels if they end early', async () => {
    async function* bytes() {
      yield await Promise.resolve(truncated)
    }
    const made = await deidentify(received(bytes()), contextFor())
    await expect(async () => {
      for await (const part of made.bytes) expect(part.length).toBeGreaterThan(0)
    }).rejects.toMatchObject({ code: 'truncated' })
  })

  it("passes on the source's own error unchanged", async () => {
    const failure = new Error('connection lost')
    async function* bytes() {
      yield await Promise.resolve(truncated.subarray(0, 200))
      throw failure
    }
    await expect(deidentify(received(bytes()), contextFor())).rejects.toBe(failure)
  })
})

describe('any input', () => {
  const whole = part10(
    dataset(
      instance([nested, [0x7fe00010, 'OB', fragments(PIXELS), 'open'], [0xfffcfffc, 'OB', PIXELS]]),
    ),
    JPEG,
  )

  it('gives the same output however it is split into chunks', async () => {
    const expected = (await run(whole, contextFor(), whole.length)).bytes
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
        const { bytes } = await run(whole, contextFor(), size)
        expect(bytes.equals(expected)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  it('either fails with a code or gives a file that is processed again to the same bytes', async () => {
    const mutation = fc.record({
      at: fc.nat(whole.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        const input = Buffer.from(whole)
        for (const { at, bytes } of mutations) input.set(bytes.slice(0, input.length - at), at)
        if ((await codeOf(input)) !== undefined) return
        const { bytes } = await run(input)
        // A value that should be a number but is not is emptied, and an image without it is at
        // risk.
        expect(await codeOf(bytes, withPixels('pass'))).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })
})

describe('group 0002 and the preamble', () => {
  it('are written from scratch', async () => {
    const input = part10(dataset(instance()), SYNTAX.explicit, Buffer.alloc(128, 'SMITHSON'), [
      [0x00020016, 'AE', 'SMITHSON'],
      [0x00020100, 'UI', '1.2.3'],
      [0x00020102, 'OB', Buffer.from('JANETTE ')],
    ])
    const { bytes, facts } = await run(input)
    expect(bytes.subarray(0, 128).equals(Buffer.alloc(128))).toBe(true)
    expect(valueOf(bytes, 0x00020003)).toBe(facts.sopInstanceUID)
    expect(bytes.toString('latin1')).not.toMatch(NAME)
    expect([...topLevel(bytes).keys()].filter((tag) => tag >>> 16 === 2)).toEqual([
      0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013,
    ])
  })
})
