/**
 * The element walker: finds the boundaries of every element at every depth (PS3.5 section 7) and copies nothing.
 *
 * It either understands all bytes that it is given or throws; nothing is skipped, guessed past, or repaired.
 */
import { NocturneError } from '../lib/errors.js'
import { vrOf } from './dictionary.js'
import {
  IMPLICIT,
  ITEM,
  ITEM_END,
  SEQUENCE_END,
  UNDEFINED_LENGTH,
  VRS,
  type Element,
  type Encoding,
  type Item,
} from './element.js'

const MAX_DEPTH = 64
/** Elements and items of one file; far above the largest enhanced multi-frame header. */
const MAX_NODES = 1_000_000

/** The bytes at hand end inside an element. `until` is the offset that is needed at least; 0 when it is not known. */
export class Incomplete extends Error {
  readonly until: number
  constructor(until: number) {
    super('incomplete')
    this.until = until
  }
}

export interface Budget {
  nodes: number
}

export const newBudget = (): Budget => ({ nodes: MAX_NODES })

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
  const known = VRS.get(buffer.readUInt16BE(at + 4))
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
 * @throws Incomplete when `end` comes first, and NocturneError `malformed`.
 */
export function readElement(
  buffer: Buffer,
  at: number,
  end: number,
  encoding: Encoding,
  budget: Budget,
): Element {
  return element({ buffer, end, open: true, depth: 0, budget }, at, encoding)
}

/** All of `buffer` as one data set. @throws NocturneError `malformed` */
export function readDataset(buffer: Buffer, encoding: Encoding, budget: Budget): Element[] {
  const span = { buffer, end: buffer.length, open: false, depth: 0, budget }
  const found: Element[] = []
  for (let at = 0; at < span.end;) {
    const next = element(span, at, encoding)
    found.push(next)
    at = next.end
  }
  return found
}

function element(span: Span, at: number, encoding: Encoding): Element {
  if (--span.budget.nodes < 0) throw new NocturneError('header_over_limit')
  const { tag, vr, length, valueStart } = readHeader(span.buffer, at, span.end, span.open, encoding)
  if (tag >>> 16 === 0xfffe) throw new NocturneError('malformed')
  if (length === UNDEFINED_LENGTH) return undefinedElement(span, at, tag, vr, valueStart, encoding)

  const valueEnd = valueStart + length
  if (valueEnd > span.end) throw beyond(span.open, valueEnd)
  const plain = { tag, vr, start: at, valueStart, valueEnd, end: valueEnd, undefinedLength: false }
  const asUnknown = vr === 'UN' && encoding.explicit && vrOf(tag) === 'SQ'
  if (vr !== 'SQ' && !asUnknown) return plain
  const inside = { ...span, end: valueEnd, open: false, depth: span.depth + 1 }
  const { items } = readItems(inside, valueStart, asUnknown ? IMPLICIT : encoding, false)
  return { ...plain, items }
}

function undefinedElement(
  span: Span,
  at: number,
  tag: number,
  vr: string,
  valueStart: number,
  encoding: Encoding,
): Element {
  const plain = { tag, vr, start: at, valueStart, undefinedLength: true }
  if (vr === 'OB' || vr === 'OW') {
    const { valueEnd, end } = skipFragments(span, valueStart, encoding)
    return { ...plain, valueEnd, end, fragments: true }
  }
  // Only a sequence may have an undefined length here. As UN its content is implicit VR little endian (CP-246).
  if (vr !== 'SQ' && vr !== 'UN') throw new NocturneError('malformed')
  const inner = vr === 'UN' ? IMPLICIT : encoding
  return { ...plain, ...readItems({ ...span, depth: span.depth + 1 }, valueStart, inner, true) }
}

function readItems(
  span: Span,
  start: number,
  encoding: Encoding,
  delimited: boolean,
): { items: Item[]; valueEnd: number; end: number } {
  if (span.depth > MAX_DEPTH) throw new NocturneError('malformed')
  const items: Item[] = []
  let at = start
  while (delimited || at < span.end) {
    const { tag, length, valueStart } = readHeader(span.buffer, at, span.end, span.open, encoding)
    if (tag === SEQUENCE_END && delimited) {
      if (length !== 0) throw new NocturneError('malformed')
      return { items, valueEnd: at, end: valueStart }
    }
    if (tag !== ITEM) throw new NocturneError('malformed')
    const item = readItem(span, at, valueStart, length, encoding)
    items.push(item)
    at = item.end
  }
  return { items, valueEnd: at, end: at }
}

function readItem(
  span: Span,
  start: number,
  valueStart: number,
  length: number,
  encoding: Encoding,
): Item {
  if (--span.budget.nodes < 0) throw new NocturneError('header_over_limit')
  const undefinedLength = length === UNDEFINED_LENGTH
  if (!undefinedLength && valueStart + length > span.end)
    throw beyond(span.open, valueStart + length)
  const inside = undefinedLength ? span : { ...span, end: valueStart + length, open: false }
  const elements: Element[] = []
  let at = valueStart
  while (undefinedLength || at < inside.end) {
    if (undefinedLength && isItemEnd(span, at, encoding)) {
      return { start, valueStart, valueEnd: at, end: at + 8, undefinedLength, encoding, elements }
    }
    const next = element(inside, at, encoding)
    elements.push(next)
    at = next.end
  }
  return { start, valueStart, valueEnd: at, end: at, undefinedLength, encoding, elements }
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
    const { tag, length, valueStart } = readHeader(span.buffer, at, span.end, span.open, encoding)
    if (tag === SEQUENCE_END && length === 0) return { valueEnd: at, end: valueStart }
    if (tag !== ITEM || length === UNDEFINED_LENGTH) throw new NocturneError('malformed')
    if (valueStart + length > span.end) throw beyond(span.open, valueStart + length)
    at = valueStart + length
  }
}

function readTag(buffer: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian
    ? buffer.readUInt32BE(at)
    : buffer.readUInt16LE(at) * 0x10000 + buffer.readUInt16LE(at + 2)
}

const readLength = (buffer: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? buffer.readUInt32BE(at) : buffer.readUInt32LE(at)

const beyond = (open: boolean, until: number): Error =>
  open ? new Incomplete(until) : new NocturneError('malformed')
