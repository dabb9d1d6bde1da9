/**
 * The element walker: finds the boundaries of every element at every depth (PS3.5 section 7),
 * without copying anything.
 *
 * It either understands every byte it is given or throws; it never guesses. Three defects of real
 * writers, which dcmtk and gdcm also tolerate, are accepted and marked `isIrregular` so that they
 * are never copied to the output: a delimiter inside a sequence or an item of defined length, and a
 * delimiter with a non-zero length. A sequence that cannot be read is skipped if its length is
 * defined and `skips` confirms that none of it will be kept.
 */
import { NocturneError } from '../lib/errors.js'
import { type Budget, expectFew } from './budget.js'
import { vrOf } from './dictionary/dictionary.js'
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
} from './elements/element.js'
import { type Header, readHeader, readLength, readTag } from './element-header.js'
import { RULES, beyond, fault, inside, isMalformed } from './fault.js'
import type { Steps } from '../lib/pace.js'

/**
 * Reports and functional groups nest to about 15 levels. Each level costs a reader of the file one
 * stack frame.
 */
const MAX_DEPTH = 32

interface Span extends Task {
  readonly buffer: Buffer
  readonly end: number
  /**
   * True if more bytes may follow `end`; false if `end` is the boundary that the parent declared.
   */
  readonly open: boolean
  readonly depth: number
}

export interface Task {
  readonly budget: Budget
  /** Whether an element that cannot be read may be skipped, because none of it will be kept. */
  readonly skips?: ((element: Pick<Element, 'tag' | 'vr'>) => boolean) | undefined
}

/**
 * Reads the complete element at `at`, with everything nested in it.
 *
 * @throws Incomplete when `end` comes first.
 * @throws NocturneError `malformed`, `header_too_complex`
 */
export function* readElement(
  buffer: Buffer,
  at: number,
  end: number,
  encoding: Encoding,
  { budget, skips }: Task,
): Steps<Element> {
  const span = { buffer, end, open: true, depth: 0, budget, skips }
  const header = expectElement(readHeader(buffer, at, end, true, encoding), at)
  if (budget.spend()) yield
  return isNested(header, encoding)
    ? yield* sequence(span, at, header, encoding)
    : leaf(span, at, header, encoding)
}

/**
 * The element at `at` if it is complete and contains no others. Undefined if it needs the full
 * reader, which also reports any fault.
 */
function readLeaf(
  buffer: Buffer,
  at: number,
  end: number,
  encoding: Encoding,
): Element | undefined {
  if (at + 12 > end) return undefined
  if (encoding.explicit && !encoding.bigEndian) return readExplicitLeaf(buffer, at, end)
  if (buffer.readUInt32LE(at) === 0) return undefined
  const header = readHeader(buffer, at, end, true, encoding)
  const { tag, vr, valueStart } = header
  const valueEnd = valueStart + header.length
  if (valueEnd > end || isNested(header, encoding) || isPixelData(tag) || tag >>> 16 === 0xfffe)
    return undefined
  return { tag, vr, start: at, valueStart, valueEnd, end: valueEnd, undefinedLength: false }
}

/** The same for explicit VR little endian, in which nearly all files are: without a `Header`. */
function readExplicitLeaf(buffer: Buffer, at: number, end: number): Element | undefined {
  const tag = readTag(buffer, at, false)
  const group = tag >>> 16
  if (tag === 0 || group === 0xfffe || group === 0x7fe0) return undefined
  const known = vrNamed(buffer.readUInt16BE(at + 4))
  if (known === undefined) throw fault(RULES.vr, at)
  if (!known.isLeaf) return undefined
  const { vr, long } = known
  const valueStart = long ? at + 12 : at + 8
  const valueEnd = valueStart + (long ? buffer.readUInt32LE(at + 8) : buffer.readUInt16LE(at + 6))
  if (valueEnd > end) return undefined
  return { tag, vr, start: at, valueStart, valueEnd, end: valueEnd, undefinedLength: false }
}

/**
 * Appends a run of elements that contain no others.
 *
 * @returns the offset where the run ends.
 * @throws NocturneError `header_too_complex`
 */
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

/** Elements read per step. */
const RUN = 100

/**
 * Reads all of `buffer` as one data set.
 *
 * @throws NocturneError `malformed`, `header_too_complex`
 */
export function* readDataset(buffer: Buffer, encoding: Encoding, budget: Budget): Steps<Element[]> {
  const span = { buffer, end: buffer.length, open: false, depth: 0, budget, skips: undefined }
  return yield* readElements(span, 0, encoding, false)
}

const expectElement = (header: Header, at: number): Header => {
  if (header.tag >>> 16 === 0xfffe) throw fault(RULES.element, at)
  return header
}

/**
 * Whether the element contains items. Inside a sequence written as UN they are encoded in implicit
 * VR little endian (PS3.5 6.2.2, CP-246).
 */
const isNested = ({ tag, vr, length }: Header, { explicit }: Encoding): boolean =>
  vr === 'SQ' || (vr === 'UN' && (length === UNDEFINED_LENGTH || (explicit && vrOf(tag) === 'SQ')))

function leaf(span: Span, start: number, header: Header, encoding: Encoding): Element {
  const { tag, vr, length, valueStart } = header
  if (length === UNDEFINED_LENGTH) {
    // Only a sequence or an encapsulated value may have an undefined length.
    if (vr !== 'OB' && vr !== 'OW') throw fault(RULES.undefinedLength, start, tag)
    const { valueEnd, end } = skipFragments(span, valueStart, encoding)
    const undefinedLength = true
    return { tag, vr, start, valueStart, valueEnd, end, undefinedLength, fragments: true }
  }
  const end = valueStart + length
  if (end > span.end) throw beyond(span.open, start, end, tag)
  return { tag, vr, start, valueStart, valueEnd: end, end, undefinedLength: false }
}

function* sequence(outer: Span, start: number, header: Header, encoding: Encoding): Steps<Element> {
  const { buffer, depth, budget, skips } = outer
  const { tag, vr, length, valueStart } = header
  const undefinedLength = length === UNDEFINED_LENGTH
  const until = undefinedLength ? outer.end : valueStart + length
  if (until > outer.end) throw beyond(outer.open, start, until, tag)
  const open = undefinedLength && outer.open
  const span = { buffer, end: until, open, depth: depth + 1, budget, skips }
  if (span.depth > MAX_DEPTH) throw new NocturneError('header_too_complex')
  const items: Item[] = []
  try {
    return yield* itemsOf(span, start, header, encoding, items)
  } catch (error) {
    const isUnread = isMalformed(error) && !undefinedLength && skips?.(header) === true
    if (!isUnread) throw inside(error, tag, items.length)
    return { tag, vr, start, valueStart, valueEnd: until, end: until, undefinedLength }
  }
}

function* itemsOf(
  span: Span,
  start: number,
  { tag, vr, length, valueStart }: Header,
  encoding: Encoding,
  items: Item[],
): Steps<Element> {
  const { buffer, budget, end: until } = span
  const undefinedLength = length === UNDEFINED_LENGTH
  const inner = vr === 'UN' ? IMPLICIT : encoding
  // Items and delimiters have no VR in any encoding, so an item tag is expected here without one.
  const bare = { explicit: false, bigEndian: inner.bigEndian }
  let at = valueStart
  let valueEnd = until
  let isIrregular = false
  while (undefinedLength || at < until) {
    const head = readHeader(buffer, at, until, span.open, bare)
    if (head.tag === SEQUENCE_END && (undefinedLength || head.valueStart === until)) {
      isIrregular ||= !undefinedLength || head.length !== 0
      valueEnd = at
      at = head.valueStart
      break
    }
    if (head.tag !== ITEM) throw fault(RULES.item, at)
    if (budget.spend()) yield
    const item =
      head.length === 0
        ? emptyItem(at, head.valueStart, inner)
        : yield* readItem(span, at, head, inner)
    isIrregular ||= item.isIrregular === true
    items.push(item)
    at = item.end
  }
  const whole = { tag, vr, start, valueStart, valueEnd, end: at, undefinedLength }
  const list = exact(items)
  return isIrregular ? { ...whole, items: list, isIrregular } : { ...whole, items: list }
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
  if (until > span.end) throw beyond(span.open, start, until)
  const { buffer, depth, budget, skips } = span
  const open = undefinedLength && span.open
  const inner = { buffer, end: until, open, depth, budget, skips }
  const elements = yield* readElements(inner, valueStart, encoding, undefinedLength)
  const valueEnd = elements.at(-1)?.end ?? valueStart
  const end = undefinedLength ? valueEnd + 8 : until
  const item = { start, valueStart, valueEnd, end, undefinedLength, encoding, elements }
  const isIrregular = undefinedLength
    ? readLength(buffer, valueEnd + 4, encoding.bigEndian) !== 0
    : valueEnd !== until
  return isIrregular ? { ...item, isIrregular } : item
}

/**
 * Trims the spare capacity that an array reserves for 16 more entries: functional groups consist of
 * thousands of items with one element each.
 */
const exact = <T>(list: T[]): T[] => (list.length < 8 ? list.slice() : list)

/** Reads a data set from `start` to the end of the span, or to the delimiter of its item. */
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
    if (delimited ? isItemEnd(span, at, encoding) : isEnd(span, at, encoding))
      return exact(elements)
    const header = expectElement(readHeader(span.buffer, at, span.end, span.open, encoding), at)
    if (span.budget.spend()) yield
    const next = isNested(header, encoding)
      ? yield* sequence(span, at, header, encoding)
      : leaf(span, at, header, encoding)
    elements.push(next)
    at = next.end
  }
}

function isItemEnd(span: Span, at: number, { bigEndian }: Encoding): boolean {
  if (at + 8 > span.end) throw beyond(span.open, at, at + 8)
  return readTag(span.buffer, at, bigEndian) === ITEM_END
}

/**
 * Whether an item of defined length ends here, or ends with a delimiter that its length includes.
 */
const isEnd = (span: Span, at: number, { bigEndian }: Encoding): boolean =>
  at >= span.end ||
  (span.depth > 0 && at + 8 === span.end && readTag(span.buffer, at, bigEndian) === ITEM_END)

/**
 * Skips an encapsulated value inside the header, such as an icon's: items of defined length up to
 * the delimiter.
 */
function skipFragments(span: Span, start: number, encoding: Encoding) {
  for (let at = start; ;) {
    span.budget.spend()
    const { tag, length, valueStart } = readHeader(span.buffer, at, span.end, span.open, encoding)
    if (tag === SEQUENCE_END && length === 0) return { valueEnd: at, end: valueStart }
    if (tag !== ITEM || length === UNDEFINED_LENGTH) throw fault(RULES.fragment, at)
    if (valueStart + length > span.end) throw beyond(span.open, at, valueStart + length)
    at = valueStart + length
  }
}
