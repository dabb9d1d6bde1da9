/** A small DICOM writer for tests, independent of the code under test. */

export type Encoding = 'implicit' | 'explicit' | 'big'

export const SYNTAX: Readonly<Record<Encoding, string>> = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  big: '1.2.840.10008.1.2.2',
}

export interface SequenceValue {
  readonly items: readonly (readonly Written[])[]
  /** The sequence and its items are written with undefined lengths. */
  readonly isOpen?: boolean
}

/** Tag, VR, value. `open` marks an undefined length around bytes that are written as given. */
export type Written = readonly [
  tag: number,
  vr: string,
  value: string | Buffer | SequenceValue,
  open?: 'open',
]

const LONG = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))

function number16(value: number, encoding: Encoding): Buffer {
  const bytes = Buffer.alloc(2)
  if (encoding === 'big') bytes.writeUInt16BE(value)
  else bytes.writeUInt16LE(value)
  return bytes
}

function number32(value: number, encoding: Encoding): Buffer {
  const bytes = Buffer.alloc(4)
  if (encoding === 'big') bytes.writeUInt32BE(value)
  else bytes.writeUInt32LE(value)
  return bytes
}

const tagBytes = (tag: number, encoding: Encoding): Buffer =>
  Buffer.concat([number16(tag >>> 16, encoding), number16(tag & 0xffff, encoding)])

const marker = (tag: number, length: number, encoding: Encoding): Buffer =>
  Buffer.concat([tagBytes(tag, encoding), number32(length, encoding)])

function header(tag: number, vr: string, length: number, encoding: Encoding): Buffer {
  if (encoding === 'implicit') return marker(tag, length, encoding)
  const start = [tagBytes(tag, encoding), Buffer.from(vr, 'latin1')]
  return LONG.has(vr)
    ? Buffer.concat([...start, Buffer.alloc(2), number32(length, encoding)])
    : Buffer.concat([...start, number16(length, encoding)])
}

function padded(value: string | Buffer, vr: string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
  if (bytes.length % 2 === 0) return bytes
  return Buffer.concat([bytes, Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ')])
}

/** One item of undefined length, with its delimiters. */
function item(elements: readonly Written[], isOpen: boolean, encoding: Encoding): Buffer {
  const content = dataset(elements, encoding)
  return Buffer.concat([
    marker(0xfffee000, isOpen ? 0xffffffff : content.length, encoding),
    content,
    isOpen ? marker(0xfffee00d, 0, encoding) : Buffer.alloc(0),
  ])
}

export function dataset(elements: readonly Written[], encoding: Encoding = 'explicit'): Buffer {
  return Buffer.concat(
    elements.flatMap(([tag, vr, value, open]) => {
      if (typeof value === 'string' || Buffer.isBuffer(value)) {
        const bytes = padded(value, vr)
        return [header(tag, vr, open ? 0xffffffff : bytes.length, encoding), bytes]
      }
      // The content of a sequence written as UN is implicit VR little endian.
      const inner = vr === 'UN' ? 'implicit' : encoding
      const isOpen = value.isOpen ?? false
      const items = Buffer.concat(value.items.map((one) => item(one, isOpen, inner)))
      return [
        header(tag, vr, isOpen ? 0xffffffff : items.length, encoding),
        items,
        isOpen ? marker(0xfffee0dd, 0, inner) : Buffer.alloc(0),
      ]
    }),
  )
}

/**
 * The value of encapsulated Pixel Data: fragments after an empty offset table, ended by the
 * delimiter.
 */
export const fragments = (...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([
    marker(0xfffee000, 0, 'explicit'),
    ...parts.flatMap((part) => [marker(0xfffee000, part.length, 'explicit'), part]),
    marker(0xfffee0dd, 0, 'explicit'),
  ])

/** A whole file: preamble, group 0002, and the given data set. */
export function part10(
  body: Buffer,
  syntax: string = SYNTAX.explicit,
  preamble: Buffer = Buffer.alloc(128),
  extra: readonly Written[] = [],
): Buffer {
  const meta = dataset([
    [0x00020001, 'OB', Buffer.from([0, 1])],
    [0x00020002, 'UI', CT],
    [0x00020003, 'UI', '1.2.3.4.5'],
    [0x00020010, 'UI', syntax],
    ...extra,
  ])
  const length = dataset([[0x00020000, 'UL', number32(meta.length, 'explicit')]])
  return Buffer.concat([preamble, Buffer.from('DICM'), length, meta, body])
}

export const CT = '1.2.840.10008.5.1.4.1.1.2'
/** Instances of this class have no pixels. */
export const RAW_DATA = '1.2.840.10008.5.1.4.1.1.66'

const PIXEL_TAGS: ReadonlySet<number> = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010])
/** One pixel of 8 bits, for which any Pixel Data is long enough. */
const LAYOUT: readonly Written[] = [
  [0x00280010, 'US', number16(1, 'explicit')],
  [0x00280011, 'US', number16(1, 'explicit')],
  [0x00280100, 'US', number16(8, 'explicit')],
]
const LAYOUT_BIG: readonly Written[] = LAYOUT.map(([tag, vr, value]) => [
  tag,
  vr,
  Buffer.from(value as Buffer).reverse(),
])

/**
 * The elements that every instance needs; an image if `more` has Pixel Data. `more` replaces and
 * adds elements.
 */
export function instance(more: readonly Written[] = [], encoding?: Encoding): Written[] {
  const isImage = more.some(([tag]) => PIXEL_TAGS.has(tag))
  const base: Written[] = [
    ...(isImage ? (encoding === 'big' ? LAYOUT_BIG : LAYOUT) : []),
    [0x00080016, 'UI', isImage ? CT : RAW_DATA],
    [0x00080018, 'UI', '1.2.3.4.5'],
    [0x00080020, 'DA', '20240229'],
    [0x00080030, 'TM', '235959'],
    [0x00080060, 'CS', 'CT'],
    [0x00100010, 'PN', 'SMITHSON^JANETTE'],
    [0x00100020, 'LO', 'MRN0012345'],
    [0x00100030, 'DA', '19700321'],
    [0x0020000d, 'UI', '1.2.3.4'],
    [0x0020000e, 'UI', '1.2.3.4.1'],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
  ]
  const given = new Set(more.map(([tag]) => tag))
  return [...base.filter(([tag]) => !given.has(tag)), ...more].sort(([a], [b]) => a - b)
}

export const file = (more: readonly Written[] = [], encoding: Encoding = 'explicit'): Buffer =>
  part10(dataset(instance(more, encoding), encoding), SYNTAX[encoding])

/**
 * An element of the output, found by an explicit little endian reader that looks only at the top
 * level.
 */
export function valueOf(output: Buffer, tag: number): string | undefined {
  return topLevel(output)
    .get(tag)
    ?.toString('latin1')
    .replace(/[\0 ]+$/, '')
}

/** Values of defined length at the top level of an explicit little endian file. */
export const topLevel = (output: Buffer): Map<number, Buffer> => elementsOf(output, 132)

/**
 * Values of a data set in explicit little endian from `at`, up to the first value of undefined
 * length.
 */
export function elementsOf(bytes: Buffer, at = 0): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  while (at < bytes.length) {
    const tag = bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2)
    const isLong = LONG.has(bytes.toString('latin1', at + 4, at + 6))
    const length = isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6)
    const start = at + (isLong ? 12 : 8)
    if (length === 0xffffffff) return found
    found.set(tag, bytes.subarray(start, start + length))
    at = start + length
  }
  return found
}

/** The items of a sequence value; they must have defined lengths. */
export function itemsOf(sequence: Buffer): Map<number, Buffer>[] {
  const items: Map<number, Buffer>[] = []
  for (let at = 0; at < sequence.length;) {
    const end = at + 8 + sequence.readUInt32LE(at + 4)
    items.push(elementsOf(sequence.subarray(at + 8, end)))
    at = end
  }
  return items
}
