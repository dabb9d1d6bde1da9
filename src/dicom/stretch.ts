/** Top-level elements out of a stream: what lies before Pixel Data, and what lies behind it. */
import { NocturneError } from '../lib/errors.js'
import { Budget, expectFew } from './budget.js'
import { type Element, type Encoding, UNDEFINED_LENGTH, isPixelData } from './element.js'
import type { Reader } from './reader.js'
import { type Header, Incomplete, readElement, readHeader, readLeaves } from './walk.js'
import type { Pace } from '../lib/pace.js'

export interface Stretch {
  readonly elements: readonly Element[]
  /** Where the last element ends in the reader's buffer. */
  readonly end: number
  /** The header of Pixel Data, which begins at `end`: its offset counts from there. Undefined when the data set ended first. */
  readonly pixels: Header | undefined
}

/**
 * The elements from `start` up to Pixel Data or the end of the file, held in the reader's buffer.
 *
 * @param limit the offset where the last of them must end at the latest.
 * @throws NocturneError `truncated`, `malformed`, `header_over_limit`, `header_too_complex`
 */
export async function readHead(
  reader: Reader,
  start: number,
  encoding: Encoding,
  limit: number,
  budget: Budget,
): Promise<Stretch> {
  const elements: Element[] = []
  for (let at = start; ;) {
    const before = elements.length
    const run = { buffer: reader.buffer, end: Math.min(reader.filled, limit), budget }
    at = readLeaves(run, at, encoding, elements)
    expectFew(elements)
    if (budget.pace.isDue(elements.length - before)) await budget.pace.rest()
    const found = await nextElement(reader, at, encoding, limit, budget)
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
 * Walks what lies behind Pixel Data to the end of the file, for it to be dropped: private groups, digital signatures and
 * trailing padding are all that may be there. Values of defined length are passed over and can be of any size.
 *
 * @param drop is told each tag, and throws for one that must not be there.
 * @throws NocturneError `truncated`, `malformed`, `header_over_limit`, and what `drop` throws.
 */
export async function dropTail(
  reader: Reader,
  encoding: Encoding,
  limit: number,
  pace: Pace,
  drop: (element: Pick<Element, 'tag' | 'vr'>) => void,
): Promise<void> {
  const budget = new Budget(pace)
  for (;;) {
    await reader.fill(12)
    const found = await nextElement(reader, 0, encoding, limit, budget, true)
    if (found === undefined) return
    if (budget.spend()) await pace.rest()
    drop(found)
    const length = 'length' in found ? found.valueStart + found.length : found.end
    await reader.skip(length)
  }
}

/**
 * An element of known length is read once it is there; one of undefined length again only when twice as much is
 * there, so the work stays linear in the size of the header.
 */
async function nextElement(
  reader: Reader,
  at: number,
  encoding: Encoding,
  limit: number,
  budget: Budget,
  headerIsEnough = false,
): Promise<Element | Header | undefined> {
  for (let wanted = at + 12; ;) {
    if (reader.filled < wanted) await reader.fill(wanted)
    const isAll = reader.filled < wanted
    if (isAll && reader.filled === at) return undefined
    let header: Header | undefined
    const spent = budget.spent
    try {
      header = readHeader(reader.buffer, at, reader.filled, true, encoding)
      if (header.tag === 0) throw new NocturneError('malformed')
      if (headerIsEnough ? header.length !== UNDEFINED_LENGTH : isPixelData(header.tag))
        return header
      const found = await budget.pace.run(
        readElement(reader.buffer, at, reader.filled, encoding, budget),
      )
      if (found.end > limit) throw new NocturneError('header_over_limit')
      return found
    } catch (error) {
      if (isZeros(reader.buffer.subarray(at, Math.min(reader.filled, at + 12)))) {
        await expectZeros(reader, at, limit)
        return undefined
      }
      if (!(error instanceof Incomplete)) throw error
      budget.spent = spent
      if (isAll) throw new NocturneError('truncated')
      if (error.until > limit) throw new NocturneError('header_over_limit')
      const doubled = at + 2 * (reader.filled - at)
      const isGrowing = header?.length === UNDEFINED_LENGTH
      wanted = Math.max(error.until, isGrowing ? Math.min(doubled, limit) : 0)
    }
  }
}

/** Padding without a tag: some writers fill the last sector with zeros. It says nothing and is dropped. */
async function expectZeros(reader: Reader, at: number, limit: number): Promise<void> {
  const size = reader.filled
  await reader.fill(limit)
  if (reader.filled >= limit && reader.filled > size) throw new NocturneError('header_over_limit')
  if (!isZeros(reader.buffer.subarray(at, reader.filled))) throw new NocturneError('malformed')
}

const ZEROS = Buffer.alloc(0x10000)

function isZeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (!part.equals(ZEROS.subarray(0, part.length))) return false
  }
  return true
}
