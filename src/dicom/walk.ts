/**
 * The element walker: finds the boundaries of every element at every depth (PS3.5 section 7) and copies nothing.
 *
 * It either understands all bytes that it is given or throws; nothing is skipped, guessed past, or repaired.
 */
import { NocturneError } from '../lib/errors.js'
import { type Budget, expectFew } from './budget.js'
import { vrOf } from './dictionary/index.js'
import {
  type Element,
  type Encoding,
  IMPLICIT,
  ITEM,
  ITEM_END,
  type Item,
  SEQUENCE_END,
  UNDEFINED_LENGTH,
  isPixelData,
  vrNamed,
} from './element.js'
import type { Steps } from '../lib/pace.js'

/** Reports and functional groups nest to about 15; each level costs a reader of the file a frame of its stack. */
const MAX_DEPTH = 32

/** The bytes at hand end inside an element. `until` is the offset that is needed at least; 0 when it is not known. */
export class Incomplete extends Error {
  readonly until: number
  constructor(until: number) {
    super('incomplete')
    this.until = until
  }
}

interface Span {
  readonly buffer: Buffer
  readonly end: number
  /** More bytes may follow `end`; else `end` is the boundary that the parent declared. */
  readonly open: boolean
  readonly depth: number
  readonly budget: Budget
}

export interface Header {
  readonly tag: number
  readonly vr: string
  readonly length: number
  readonly valueStart: number
}

/** @throws Incomplete, or NocturneError `malformed` for a VR that PS3.5 does not know. */
export function readHeader(
  buffer: Buffer,
  at: number,
  end: number,
  open: boolean,
  { explicit, bigEndian }: Encoding,
): Header {
  if (at + 8 > end) throw beyond(open, at + 8)
  const tag = readTag(buffer, at, bigEndian)
  if (!explicit || tag === ITEM || tag === ITEM_END || tag === SEQUENCE_END) {
    const length = readLength(buffer, at + 4, bigEndian)
    return { tag, vr: vrOf(tag) ?? 'UN', length, valueStart: at + 8 }
  }
  const known = vrNamed(buffer.readUInt16BE(at + 4))
  if (known === undefined) throw new NocturneError('malformed')
  if (!known.long) {
    const length = bigEndian ? buffer.readUInt16BE(at + 6) : buffer.readUInt16LE(at + 6)
    return { tag, vr: known.vr, length, valueStart: at + 8 }
  }
  if (at + 12 > end) throw beyond(open, at + 12)
  const length = readLength(buffer, at + 8, bigEndian)
  return { tag, vr: known.vr, length, valueStart: at + 12 }
}

/**
 * The element at `at`, whole, with all that is nested in it.
 *
 * @throws Incomplete when `end` comes first, and NocturneError `malformed`, `header_too_complex`.
 */
export function* readElement(
  buffer: Buffer,
  at: number,
  end: number,
  encoding: Encoding,
  budget: Budget,
): Steps<Element> {
  const span = { buffer, end, open: true, depth: 0, budget }
  const header = expectElement(readHeader(buffer, at, end, true, encoding))
  if (budget.spend()) yield
  return isNested(header, encoding)
    ? yield* sequence(span, at, header, encoding)
    : leaf(span, at, header, encoding)
}

/** The element at `at` when it is whole and holds no other; undefined for what needs a closer look, faults included. */
function readLeaf(
  buffer: Buffer,
  at: number,
  end: number,
  encoding: Encoding,
): Element | undefined {
  if (at + 12 > end || buffer.readUInt32LE(at) === 0) return undefined
  const header = readHeader(buffer, at, end, true, encoding)
  const { tag, vr, valueStart } = header
  const valueEnd = valueStart + header.length
  if (valueEnd > end || isNested(header, encoding) || isPixelData(tag) || tag >>> 16 === 0xfffe)
    return undefined
  return { tag, vr, start: at, valueStart, valueEnd, end: valueEnd, undefinedLength: false }
}

/** Adds a run of such elements, and answers where it ends. @throws NocturneError `header_too_complex` */
export function readLeaves(
  { buffer, end, budget }: Pick<Span, 'buffer' | 'end' | 'budget'>,
  start: number,
  encoding: Encoding,
  elements: Element[],
): number {
  let at = start
  for (let count = 0; count < RUN; count++) {
    const next = readLeaf(buffer, at, end, encoding)
    if (next === undefined) break
    budget.count()
    elements.push(next)
    at = next.end
  }
  return at
}

/** Elements that are read in one step. */
const RUN = 100

/** All of `buffer` as one data set. @throws NocturneError `malformed`, `header_too_complex` */
export function* readDataset(buffer: Buffer, encoding: Encoding, budget: Budget): Steps<Element[]> {
  const span = { buffer, end: buffer.length, open: false, depth: 0, budget }
  return yield* readElements(span, 0, encoding, false)
}

const expectElement = (header: Header): Header => {
  if (header.tag >>> 16 === 0xfffe) throw new NocturneError('malformed')
  return header
}

/** Whether it holds items. As UN their encoding is implicit VR little endian (PS3.5 6.2.2, CP-246). */
const isNested = ({ tag, vr, length }: Header, { explicit }: Encoding): boolean =>
  vr === 'SQ' || (vr === 'UN' && (length === UNDEFINED_LENGTH || (explicit && vrOf(tag) === 'SQ')))

function leaf(span: Span, start: number, header: Header, encoding: Encoding): Element {
  const { tag, vr, length, valueStart } = header
  if (length === UNDEFINED_LENGTH) {
    // Only a sequence and an encapsulated value may have an undefined length.
    if (vr !== 'OB' && vr !== 'OW') throw new NocturneError('malformed')
    const { valueEnd, end } = skipFragments(span, valueStart, encoding)
    const undefinedLength = true
    return { tag, vr, start, valueStart, valueEnd, end, undefinedLength, fragments: true }
  }
  const end = valueStart + length
  if (end > span.end) throw beyond(span.open, end)
  return { tag, vr, start, valueStart, valueEnd: end, end, undefinedLength: false }
}

function* sequence(
  { buffer, end: outerEnd, open: isOuterOpen, depth: outerDepth, budget }: Span,
  start: number,
  { tag, vr, length, valueStart }: Header,
  encoding: Encoding,
): Steps<Element> {
  const undefinedLength = length === UNDEFINED_LENGTH
  const until = undefinedLength ? outerEnd : valueStart + length
  if (until > outerEnd) throw beyond(isOuterOpen, until)
  const depth = outerDepth + 1
  if (depth > MAX_DEPTH) throw new NocturneError('header_too_complex')
  const span = { buffer, end: until, open: undefinedLength && isOuterOpen, depth, budget }
  const inner = vr === 'UN' ? IMPLICIT : encoding
  const items: Item[] = []
  let at = valueStart
  let valueEnd = until
  while (undefinedLength || at < until) {
    const head = readHeader(buffer, at, until, span.open, inner)
    if (head.tag === SEQUENCE_END && undefinedLength) {
      if (head.length !== 0) throw new NocturneError('malformed')
      valueEnd = at
      at = head.valueStart
      break
    }
    if (head.tag !== ITEM) throw new NocturneError('malformed')
    if (budget.spend()) yield
    const item =
      head.length === 0
        ? emptyItem(at, head.valueStart, inner)
        : yield* readItem(span, at, head, inner)
    items.push(item)
    at = item.end
  }
  return { tag, vr, start, valueStart, valueEnd, end: at, undefinedLength, items: exact(items) }
}

const NO_ELEMENTS: readonly Element[] = []

const emptyItem = (start: number, end: number, encoding: Encoding): Item => ({
  start,
  valueStart: end,
  valueEnd: end,
  end,
  undefinedLength: false,
  encoding,
  elements: NO_ELEMENTS,
})

function* readItem(
  span: Span,
  start: number,
  { length, valueStart }: Header,
  encoding: Encoding,
): Steps<Item> {
  const undefinedLength = length === UNDEFINED_LENGTH
  const until = undefinedLength ? span.end : valueStart + length
  if (until > span.end) throw beyond(span.open, until)
  const { buffer, depth, budget } = span
  const open = undefinedLength && span.open
  const inside = { buffer, end: until, open, depth, budget }
  const elements = yield* readElements(inside, valueStart, encoding, undefinedLength)
  const valueEnd = elements.at(-1)?.end ?? valueStart
  const end = undefinedLength ? valueEnd + 8 : valueEnd
  return { start, valueStart, valueEnd, end, undefinedLength, encoding, elements }
}

/** Without the room that an array keeps for sixteen more: functional groups are thousands of items with an element each. */
const exact = <T>(list: T[]): T[] => (list.length < 8 ? list.slice() : list)

/** A data set from `start` to the end of the span, or to the delimiter of its item. */
function* readElements(
  span: Span,
  start: number,
  encoding: Encoding,
  delimited: boolean,
): Steps<Element[]> {
  const elements: Element[] = []
  let at = start
  for (;;) {
    const before = elements.length
    at = readLeaves(span, at, encoding, elements)
    expectFew(elements)
    if (span.budget.pace.isDue(elements.length - before)) yield
    if (delimited ? isItemEnd(span, at, encoding) : at >= span.end) return exact(elements)
    const header = expectElement(readHeader(span.buffer, at, span.end, span.open, encoding))
    if (span.budget.spend()) yield
    const next = isNested(header, encoding)
      ? yield* sequence(span, at, header, encoding)
      : leaf(span, at, header, encoding)
    elements.push(next)
    at = next.end
  }
}

function isItemEnd(span: Span, at: number, { bigEndian }: Encoding): boolean {
  if (at + 8 > span.end) throw beyond(span.open, at + 8)
  if (readTag(span.buffer, at, bigEndian) !== ITEM_END) return false
  if (readLength(span.buffer, at + 4, bigEndian) !== 0) throw new NocturneError('malformed')
  return true
}

/** Encapsulated values inside the header, such as an icon's: items of defined length up to the delimiter. */
function skipFragments(span: Span, start: number, encoding: Encoding) {
  for (let at = start; ;) {
    span.budget.spend()
    const { tag, length, valueStart } = readHeader(span.buffer, at, span.end, span.open, encoding)
    if (tag === SEQUENCE_END && length === 0) return { valueEnd: at, end: valueStart }
    if (tag !== ITEM || length === UNDEFINED_LENGTH) throw new NocturneError('malformed')
    if (valueStart + length > span.end) throw beyond(span.open, valueStart + length)
    at = valueStart + length
  }
}

function readTag(buffer: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? buffer.readUInt32BE(at) : swapped(buffer.readUInt32LE(at))
}

const swapped = (halves: number): number => ((halves << 16) | (halves >>> 16)) >>> 0

const readLength = (buffer: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? buffer.readUInt32BE(at) : buffer.readUInt32LE(at)

const beyond = (open: boolean, until: number): Error =>
  open ? new Incomplete(until) : new NocturneError('malformed')
