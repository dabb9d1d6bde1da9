/**
 * Defects of real writers that dcmtk and gdcm also tolerate: they are accepted, and absent from the
 * output.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { NocturneError } from '../../src/lib/errors.js'
import { noDcmtk, noGdcm, title, when } from '../conformance/_files.js'
import { dataset, file, fragments, instance, part10, topLevel, type Written } from './_build.js'
import { contextFor, run, withPixels } from './_run.js'

const execute = promisify(execFile)
const JPEG = '1.2.840.10008.1.2.4.50'
const RLE = '1.2.840.10008.1.2.5'
const PIXELS: Written = [0x7fe00010, 'OB', Buffer.alloc(64, 7)]

const marker = (tag: number, length: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(tag >>> 16, 0)
  bytes.writeUInt16LE(tag & 0xffff, 2)
  bytes.writeUInt32LE(length, 4)
  return bytes
}
const [ITEM, ITEM_END, SEQUENCE_END] = [0xfffee000, 0xfffee00d, 0xfffee0dd] as const
const UNDEFINED = 0xffffffff

const content = dataset([
  [0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
  [0x00081155, 'UI', '1.2.3.9'],
])
const item = Buffer.concat([marker(ITEM, content.length), content])
/** Referenced Image Sequence around bytes that are written as given. */
const references = (open: boolean, ...parts: readonly Buffer[]): Buffer =>
  dataset([
    open
      ? [0x00081140, 'SQ', Buffer.concat(parts), 'open']
      : [0x00081140, 'SQ', Buffer.concat(parts)],
  ])

/** Inserts `bytes` between group 0008 and group 0010. */
function withElement(bytes: Buffer, more: readonly Written[] = [PIXELS]): Buffer {
  const elements = instance(more)
  const first = elements.filter(([tag]) => tag < 0x00081140)
  const rest = elements.filter(([tag]) => tag > 0x00081140)
  return part10(Buffer.concat([dataset(first), bytes, dataset(rest)]))
}

/** A frame with a JPEG start and end marker; nothing here decodes it. */
const frame = (size: number): Buffer =>
  Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(size, 1), Buffer.from('ffd9', 'hex')])
const encapsulated = (frames: number, value: Buffer, syntax = JPEG): Buffer =>
  part10(
    dataset(
      instance([
        [0x00280008, 'IS', String(frames)],
        [0x7fe00010, 'OB', value, 'open'],
      ]),
    ),
    syntax,
  )
const cut = (frames: number, syntax = JPEG): Buffer =>
  encapsulated(frames, fragments(frame(20), frame(20)), syntax).subarray(0, -8)

const longUid = `1.2.${'34567890'.repeat(9)}`
const ACCEPTED: readonly (readonly [string, Buffer])[] = [
  [
    'a delimiter inside a sequence of defined length',
    withElement(references(false, item, marker(SEQUENCE_END, 0))),
  ],
  [
    'a delimiter inside an item of defined length',
    withElement(references(false, marker(ITEM, content.length + 8), content, marker(ITEM_END, 0))),
  ],
  [
    'delimiters with a length',
    withElement(
      references(
        true,
        marker(ITEM, UNDEFINED),
        content,
        marker(ITEM_END, 4),
        marker(SEQUENCE_END, 8),
      ),
    ),
  ],
  [
    'a delimiter in an empty item',
    withElement(references(false, marker(ITEM, 8), marker(ITEM_END, 0))),
  ],
  [
    'a private sequence of defined length that cannot be read',
    withElement(dataset([[0x00091010, 'SQ', Buffer.from('no item at all')]])),
  ],
  ['UIDs that are too long', file([[0x00080018, 'UI', longUid], PIXELS])],
  ['a byte after the pixels', Buffer.concat([file([PIXELS]), Buffer.from([0x41])])],
  ['a line end after the pixels', Buffer.concat([file([PIXELS]), Buffer.from('\r\n')])],
  ['text after the pixels', Buffer.concat([file([PIXELS]), Buffer.from('transferred by ...')])],
  [
    'text after the pixels under implicit VR',
    Buffer.concat([file([PIXELS], 'implicit'), Buffer.from('transferred by ...')]),
  ],
  [
    'a truncated private element after the pixels',
    file([PIXELS, [0x7fe11010, 'OB', Buffer.alloc(100)]]).subarray(0, -40),
  ],
  ['a line end after the last element', Buffer.concat([file(), Buffer.from('\r\n')])],
  ['no delimiter after the last frame', cut(2)],
  ['no delimiter, and a line end', Buffer.concat([cut(2), Buffer.from('\r\n')])],
  ['no delimiter after the last RLE fragment', cut(2, RLE)],
  [
    'frames of several fragments',
    encapsulated(2, fragments(...halves(frame(20)), ...halves(frame(30)))),
  ],
]

function halves(bytes: Buffer): Buffer[] {
  return [bytes.subarray(0, 10), bytes.subarray(10)]
}

const context = withPixels('pass', contextFor())

describe('defects of real writers that other readers tolerate', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nocturne-defects-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each(ACCEPTED)('accepts %s', async (_, input) => {
    const { bytes } = await run(input, context)
    // The defect is absent from the output: processed again, all of it is copied except the UIDs.
    expect((await run(bytes, context)).bytes.length).toBeGreaterThan(0)
    expect(bytes.length % 2).toBe(0)
  })

  for (const [program, reason] of [
    ['dcmdump', noDcmtk],
    ['gdcmdump', noGdcm],
  ] as const)
    when(reason)(title(`produces output that ${program} reads`, reason), async () => {
      for (const [name, input] of ACCEPTED) {
        const path = join(folder, 'out.dcm')
        await writeFile(path, (await run(input, context)).bytes)
        await expect(execute(program, [path]).then(() => name)).resolves.toBe(name)
      }
    })

  it('keeps the content of an item with a delimiter', async () => {
    const [, input] = ACCEPTED[1] ?? []
    const { bytes } = await run(input ?? Buffer.alloc(0), context)
    const sequence = topLevel(bytes).get(0x00081140) ?? Buffer.alloc(0)
    expect(sequence.readUInt32LE(4)).toBe(sequence.length - 8)
    expect(sequence.includes(Buffer.from('feff0de0', 'hex'))).toBe(false)
  })
})

describe('a quarantined file says where and why', () => {
  const placeOf = async (input: Buffer) => {
    try {
      await run(input, context)
    } catch (error) {
      if (error instanceof NocturneError) return { code: error.code, ...error.place }
    }
    return undefined
  }

  it('for an invalid item', async () => {
    const input = withElement(references(true, item, marker(0x00100010, 0)))
    expect(await placeOf(input)).toEqual({
      code: 'malformed',
      rule: 'an item of a sequence must begin with FFFE,E000 (PS3.5 section 7.5.1)',
      path: '00081140[1]',
      offset: input.indexOf(item) + item.length,
    })
  })

  it('for a value that is longer than its parent', async () => {
    const inner = Buffer.concat([dataset([[0x00081155, 'UI', '1.2.3.9']])])
    inner.writeUInt16LE(200, 6)
    const input = withElement(references(false, marker(ITEM, inner.length), inner))
    expect(await placeOf(input)).toMatchObject({
      code: 'malformed',
      path: '00081140[0].00081155',
      offset: input.indexOf(inner),
    })
  })

  it('for a file that ends inside an element', async () => {
    const whole = file([[0x0040a160, 'UT', 'a sentence that ends']])
    expect(await placeOf(whole.subarray(0, -3))).toEqual({
      code: 'truncated',
      rule: 'the file ends inside this element (PS3.5 section 7.1)',
      path: '0040A160',
      offset: whole.length - 32,
    })
  })

  it('for a file that ends inside the pixels, or before the last fragment', async () => {
    expect(await placeOf(file([PIXELS]).subarray(0, -3))).toMatchObject({ code: 'truncated' })
    expect(await placeOf(cut(3))).toMatchObject({ code: 'truncated', path: '7FE00010' })
    const half = encapsulated(1, fragments(frame(20).subarray(0, -2))).subarray(0, -8)
    expect(await placeOf(half)).toMatchObject({ code: 'truncated', path: '7FE00010' })
  })

  it('without a tag that PS3.6 does not list, which may be letters of a name', async () => {
    const input = withElement(
      dataset([
        [0x534d4954, 'SQ', { items: [[[0x00081150, 'UI', Buffer.from('x')]]], isOpen: true }],
      ]).subarray(0, -8),
    )
    const place = await placeOf(input)
    expect(place?.code).toBe('malformed')
    expect(JSON.stringify(place)).not.toMatch(/534d|4954/i)
  })

  it('with the name of the rule about images', async () => {
    const input = file([[0x00080064, 'CS', 'WSD'], PIXELS])
    await expect(run(input, withPixels('quarantine'))).rejects.toMatchObject({
      code: 'pixels_at_risk',
      place: { rule: 'rule "converted" of config/pixel-rules.yaml' },
    })
  })
})
