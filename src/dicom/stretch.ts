/** Reads top-level elements from a stream: those before Pixel Data, and those after it. */
import { NocturneError, type Place } from '../lib/errors.js'
import { Budget, expectFew } from './budget.js'
import { attributeOf } from './dictionary/dictionary.js'
import { isPixelData, UNDEFINED_LENGTH, type Element, type Encoding } from './elements/element.js'
import type { Reader } from './reader.js'
import { readHeader, type Header } from './element-header.js'
import { Incomplete, nameOf } from './fault.js'
import { readElement, readLeaves, type Task } from './walk.js'
import type { Pace } from '../lib/pace.js'

export interface Stretch {
  readonly elements: readonly Element[]
  /** End of the last element, as an offset in the reader's buffer. */
  readonly end: number
  /**
   * The header of Pixel Data, which begins at `end`; its own offsets are relative to `end`.
   * Undefined if the data set ended first.
   */
  readonly pixels: Header | undefined
}

export interface Reading extends Task {
  readonly reader: Reader
  readonly encoding: Encoding
  /** The last element must end at or before this offset. */
  readonly limit: number
}

/**
 * Reads the elements from `start` up to Pixel Data or the end of the file. They stay in the
 * reader's buffer.
 *
 * @throws NocturneError `truncated`, `malformed`, `header_over_limit`, `header_too_complex`
 */
export async function readHead(reading: Reading, start: number): Promise<Stretch> {
  const { reader, encoding, limit, budget } = reading
  const elements: Element[] = []
  for (let at = start; ;) {
    const before = elements.length
    const run = { buffer: reader.buffer, end: Math.min(reader.filled, limit), budget }
    at = readLeaves(run, at, encoding, elements)
    expectFew(elements)
    if (budget.pace.isDue(elements.length - before)) await budget.pace.rest()
    const found = await nextElement(reading, at)
    if (found === undefined) return { elements, end: at, pixels: undefined }
    if ('length' in found) {
      const pixels = { ...found, valueStart: found.valueStart - at }
      return { elements, end: at, pixels }
    }
    elements.push(found)
    expectFew(elements)
    at = found.end
  }
}

/**
 * Reads everything after Pixel Data to the end of the file and drops it: only private groups,
 * digital signatures and trailing padding may be there. Values of defined length are skipped and
 * can be of any size. Bytes that are not an element, or an element that is cut off, are dropped
 * too: the image is complete by then, and other DICOM readers stop there.
 *
 * @param drop is called with each tag, and throws for one that must not occur there.
 * @throws NocturneError `header_over_limit`, and whatever `drop` throws.
 */
export async function dropTail(
  reading: Omit<Reading, 'budget'>,
  pace: Pace,
  drop: (element: Pick<Element, 'tag' | 'vr'>) => void,
): Promise<void> {
  const { reader } = reading
  const budget = new Budget(pace)
  for (let last = PIXEL_DATA; ;) {
    const found = await tailElement({ ...reading, budget })
    if (found === undefined || (found.tag <= last && attributeOf(found.tag) === undefined)) break
    if (budget.spend()) await pace.rest()
    drop(found)
    last = found.tag
    const length = 'length' in found ? found.valueStart + found.length : found.end
    if (!(await reader.skipUpTo(length))) return
  }
  for await (const part of reader.rest()) if (pace.isDue(part.length >> 10)) await pace.rest()
}

const PIXEL_DATA = 0x7fe00010

/** Undefined at the end of the file, and where the bytes are not a readable element. */
async function tailElement(reading: Reading): Promise<Element | Header | undefined> {
  try {
    await reading.reader.fill(12)
    return await nextElement(reading, 0, true)
  } catch (error) {
    const isNoElement =
      error instanceof NocturneError &&
      error !== reading.reader.failure &&
      (error.code === 'malformed' || error.code === 'truncated')
    if (isNoElement) return undefined
    throw error
  }
}

/**
 * An element of defined length is read once it has arrived. One of undefined length is retried only
 * after the buffer has doubled, so that the work stays linear in the size of the header.
 */
async function nextElement(
  reading: Reading,
  at: number,
  headerIsEnough = false,
): Promise<Element | Header | undefined> {
  const { reader, encoding, limit, budget } = reading
  for (let wanted = at + 12; ;) {
    if (reader.filled < wanted) await reader.fill(wanted)
    const isAll = reader.filled < wanted
    if (isAll && isPadding(reader.buffer.subarray(at, reader.filled))) return undefined
    let header: Header | undefined
    const spent = budget.spent
    try {
      header = readHeader(reader.buffer, at, reader.filled, true, encoding)
      if (header.tag === 0) throw new NocturneError('malformed', { place: NO_TAG(at) })
      if (headerIsEnough ? header.length !== UNDEFINED_LENGTH : isPixelData(header.tag))
        return header
      const found = await budget.pace.run(
        readElement(reader.buffer, at, reader.filled, encoding, reading),
      )
      if (found.end > limit) throw new NocturneError('header_over_limit')
      return found
    } catch (error) {
      if (isZeros(reader.buffer.subarray(at, Math.min(reader.filled, at + 12)))) {
        await expectZeros(reader, at, limit)
        return undefined
      }
      if (!(error instanceof Incomplete)) throw inFile(error, reader.position)
      budget.spent = spent
      if (isAll)
        throw new NocturneError('truncated', { place: endAt(reader.position + at, header) })
      if (error.until > limit) throw new NocturneError('header_over_limit')
      const doubled = at + 2 * (reader.filled - at)
      const isGrowing = header?.length === UNDEFINED_LENGTH
      wanted = Math.max(error.until, isGrowing ? Math.min(doubled, limit) : 0)
    }
  }
}

const NO_TAG = (offset: number): Place => ({ rule: 'no element has the tag 0000,0000', offset })

/** The place to report when the file ends inside the element at `offset`. */
const endAt = (offset: number, header: Header | undefined): Place => ({
  rule: 'the file ends inside this element (PS3.5 section 7.1)',
  offset,
  ...(header && { path: nameOf(header.tag) }),
})

/** Converts the offset in an error from the reader's buffer to the file. */
function inFile(error: unknown, position: number): unknown {
  if (!(error instanceof NocturneError) || error.place?.offset === undefined) return error
  const place = { ...error.place, offset: error.place.offset + position }
  return new NocturneError(error.code, { place })
}

/**
 * Whether the last bytes of a file are line ends or fill bytes that are too few to be an element.
 */
const isPadding = (bytes: Buffer): boolean =>
  bytes.length < 8 && bytes.every((byte) => FILLERS.has(byte))
/** NUL, tab, line feed, carriage return, end of file, space, and erased memory. */
const FILLERS: ReadonlySet<number> = new Set([0x00, 0x09, 0x0a, 0x0d, 0x1a, 0x20, 0xff])

/**
 * Padding without a tag: some writers fill the last sector with zeros. It carries no information
 * and is dropped.
 */
async function expectZeros(reader: Reader, at: number, limit: number): Promise<void> {
  const size = reader.filled
  await reader.fill(limit)
  if (reader.filled >= limit && reader.filled > size) throw new NocturneError('header_over_limit')
  if (!isZeros(reader.buffer.subarray(at, reader.filled)))
    throw new NocturneError('malformed', { place: NO_TAG(reader.position + at) })
}

const ZEROS = Buffer.alloc(0x10000)

function isZeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (!part.equals(ZEROS.subarray(0, part.length))) return false
  }
  return true
}
