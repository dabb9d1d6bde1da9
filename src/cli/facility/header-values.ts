/**
 * The values of a file's header as text that a person can compare, for `deidentify --diff`. They
 * stay on this machine: they are shown in its terminal or written to a file of its user, never to a
 * log.
 */
import { attributeOf, hex, isPrivate } from '../../dicom/dictionary/index.js'
import type { Element, Encoding } from '../../dicom/elements/index.js'
import { Budget, Reader, inflated, readHead, readStart } from '../../dicom/index.js'
import { decodeDefault, decodeWith, trimPadding } from '../../dicom/text/index.js'
import type { Decode } from '../../dicom/text/index.js'
import { Pace } from '../../lib/pace.js'
import { rawDeflate } from '../../lib/raw-deflate.js'

/** By path, in the order of the file: `00100010`, `00081140[0].00081155`. */
export type HeaderValues = ReadonlyMap<string, string>

const LOOK_AHEAD = 0x11000
/** Longer values are abbreviated to their beginning and their length. */
const LONGEST = 2000
const MOST_NUMBERS = 16
const CHARACTER_SET = 0x00080005
const CODED: ReadonlySet<string> = new Set('AE AS CS DA DS DT IS TM UI UR'.split(' '))
const TEXT: ReadonlySet<string> = new Set('LO LT PN SH ST UC UT'.split(' '))

/**
 * The elements before Pixel Data, and Pixel Data by name only.
 *
 * @param headerBytes the longest header to read
 * @throws NocturneError if the bytes cannot be read as DICOM
 */
export async function headerValuesOf(
  bytes: AsyncIterable<Buffer>,
  headerBytes: number,
): Promise<HeaderValues> {
  const outer = new Reader(bytes, headerBytes + LOOK_AHEAD)
  const { syntax, end } = await readStart(outer)
  if (!syntax.isDeflated) return readValues(outer, end, headerBytes, syntax.encoding)
  outer.forget(end)
  const source = inflated(outer.rest(), rawDeflate)
  try {
    const inner = new Reader(source.bytes, headerBytes + LOOK_AHEAD)
    return await readValues(inner, 0, headerBytes, syntax.encoding)
  } finally {
    await source.bytes.return()
  }
}

async function readValues(
  reader: Reader,
  at: number,
  headerBytes: number,
  encoding: Encoding,
): Promise<HeaderValues> {
  const budget = new Budget(new Pace())
  const reading = { reader, encoding, limit: at + headerBytes, budget }
  const { elements, pixels } = await readHead(reading, at)
  const values = new Map<string, string>()
  collect({ values, buffer: reader.buffer }, elements, encoding, {
    path: '',
    decode: decodeDefault,
  })
  if (pixels) values.set(hex(pixels.tag), '(pixels)')
  return values
}

interface Into {
  readonly values: Map<string, string>
  readonly buffer: Buffer
}

interface Where {
  /** Path of the item, followed by a point; empty at the top level. */
  readonly path: string
  readonly decode: Decode
}

function collect(into: Into, elements: readonly Element[], encoding: Encoding, where: Where): void {
  const set = elements.find(({ tag }) => tag === CHARACTER_SET)
  const decode = set
    ? decodeWith(into.buffer.subarray(set.valueStart, set.valueEnd).toString('latin1').trim())
    : where.decode
  for (const element of elements) {
    const path = `${where.path}${inHex(element.tag)}`
    const { items } = element
    if (!items) {
      into.values.set(path, shown(into.buffer, element, encoding, decode))
      continue
    }
    into.values.set(path, `(${String(items.length)} ${items.length === 1 ? 'item' : 'items'})`)
    for (const [index, item] of items.entries()) {
      const inside = { path: `${path}[${String(index)}].`, decode }
      collect(into, item.elements, item.encoding, inside)
    }
  }
}

const inHex = (tag: number): string => tag.toString(16).toUpperCase().padStart(8, '0')

function shown(buffer: Buffer, element: Element, encoding: Encoding, decode: Decode): string {
  const value = buffer.subarray(element.valueStart, element.valueEnd)
  const vr =
    element.vr === 'UN' && !isPrivate(element.tag)
      ? (attributeOf(element.tag)?.vr ?? 'UN')
      : element.vr
  if (element.fragments) return `(${String(value.length)} bytes)`
  if (TEXT.has(vr)) return shortened(trimPadding(decode(value)))
  if (CODED.has(vr)) return shortened(trimPadding(value.toString('latin1')))
  const numbers = numbersOf(value, vr, encoding)
  return numbers?.join('\\') ?? (value.length === 0 ? '' : `(${String(value.length)} bytes)`)
}

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${String(text.length)} characters)`

type Read = (value: Buffer, at: number, bigEndian: boolean) => number | string

const NUMBERS: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  US: [2, (value, at, big) => (big ? value.readUInt16BE(at) : value.readUInt16LE(at))],
  SS: [2, (value, at, big) => (big ? value.readInt16BE(at) : value.readInt16LE(at))],
  UL: [4, (value, at, big) => (big ? value.readUInt32BE(at) : value.readUInt32LE(at))],
  SL: [4, (value, at, big) => (big ? value.readInt32BE(at) : value.readInt32LE(at))],
  FL: [4, (value, at, big) => (big ? value.readFloatBE(at) : value.readFloatLE(at))],
  FD: [8, (value, at, big) => (big ? value.readDoubleBE(at) : value.readDoubleLE(at))],
}

function numbersOf(value: Buffer, vr: string, { bigEndian }: Encoding) {
  const [size, read] = NUMBERS[vr] ?? [0, undefined]
  if (!read || value.length % size !== 0 || value.length > size * MOST_NUMBERS) return undefined
  const places = Array.from({ length: value.length / size }, (_, index) => index * size)
  return places.map((at) => String(read(value, at, bigEndian)))
}

/**
 * Passes `bytes` on and keeps the part that may be the header: at most `headerBytes`, plus what is
 * read ahead.
 */
export function keepingHead(bytes: AsyncIterable<Buffer>, headerBytes: number) {
  const parts: Buffer[] = []
  let kept = 0
  async function* passed(): AsyncGenerator<Buffer, void> {
    for await (const part of bytes) {
      if (kept < headerBytes + LOOK_AHEAD) parts.push(Buffer.from(part))
      kept += part.length
      yield part
    }
  }
  async function* head(): AsyncGenerator<Buffer, void> {
    await Promise.resolve()
    yield* parts
  }
  return { bytes: passed(), values: () => headerValuesOf(head(), headerBytes) }
}
