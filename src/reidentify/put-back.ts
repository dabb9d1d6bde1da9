/**
 * Restores the UIDs, dates and codes of one data set, in the encoding and character set of its
 * file.
 */
import { NocturneError } from '../lib/errors.js'
import { Budget, readDataset } from '../dicom/index.js'
import {
  EXPLICIT,
  type Element,
  type Encoding,
  ITEM,
  findElement,
} from '../dicom/elements/index.js'
import { Pace, type Steps } from '../lib/pace.js'
import {
  type Decode,
  decodeDefault,
  decodeWith,
  shiftDate,
  shiftDateTime,
  trimPadding,
} from '../dicom/text/index.js'
import { vrOf } from '../dicom/dictionary/index.js'
import type { FormerElement, FormerIdentity } from './former.js'
import { encodeElement, encodeItemTag, transcode } from '../dicom/write/index.js'

export const CHARACTER_SET = 0x00080005
export const UNICODE = 'ISO_IR 192'
/** PS3.5 section 6.1.2.2: the VRs encoded in the Specific Character Set. */
const CODED: ReadonlySet<string> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT'])
/**
 * Attributes that declare the instance de-identified, which is no longer true, and the encrypted
 * originals, which are now restored in the clear.
 */
const MARKS: ReadonlySet<number> = new Set([
  0x00120062, 0x00120063, 0x00120064, 0x00280303, 0x04000500,
])

export const isUid = ({ tag, vr, items }: Element): boolean =>
  items === undefined && (vr === 'UI' || (vr === 'UN' && vrOf(tag) === 'UI'))

export const splitUids = ({ valueStart, valueEnd }: Element, buffer: Buffer): string[] =>
  buffer
    .toString('latin1', valueStart, valueEnd)
    .split('\\')
    .map((uid) => uid.replace(/[\0 ]+/g, ''))

/** An original element, parsed. */
export interface Former {
  readonly element: Element
  readonly bytes: Buffer
  readonly characterSet: string
}

/**
 * @throws NocturneError `malformed` for bytes that no gateway wrote
 */
export function elementOf({ bytes, characterSet }: FormerElement): Former {
  const [element, ...more] = finish(readDataset(bytes, EXPLICIT, new Budget(new Pace())))
  if (!element || more.length > 0) throw new NocturneError('malformed')
  return { element, bytes, characterSet }
}

function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

export interface TextPlan {
  /** Character set of the file as received. */
  readonly characterSet: string
  /**
   * The file's text and the restored text have no character set in common, so all text becomes
   * Unicode.
   */
  readonly isUnicode: boolean
}

export function textOf(
  elements: readonly Element[],
  buffer: Buffer,
  former: readonly Former[],
): TextPlan {
  const found = findElement(elements, CHARACTER_SET)
  const characterSet = found
    ? buffer.toString('latin1', found.valueStart, found.valueEnd).trim()
    : ''
  const isForeign = former.some(
    (one) => one.characterSet !== characterSet && !isPlain([one.element], one.bytes),
  )
  return { characterSet, isUnicode: isForeign }
}

function isPlain(elements: readonly Element[], buffer: Buffer): boolean {
  return elements.every(({ items, vr, valueStart, valueEnd }) =>
    items
      ? items.every((item) => isPlain(item.elements, buffer))
      : !CODED.has(vr) ||
        buffer.subarray(valueStart, valueEnd).every((byte) => byte < 0x80 && byte !== 0x1b),
  )
}

export interface Back {
  readonly former: FormerIdentity
  readonly encoding: Encoding
  readonly text: TextPlan
}

/** Encodes an original element in the file's own encoding. */
export function placeElement({ element, bytes, characterSet }: Former, back: Back): Buffer {
  const unicode = back.text.isUnicode
    ? toUnicode(element, bytes, decoderOf(characterSet))
    : { element, bytes }
  const placed = transcode(unicode.element, unicode.bytes, EXPLICIT, back.encoding)
  if (placed === undefined) throw new NocturneError('malformed')
  return placed
}

function toUnicode(element: Element, bytes: Buffer, decode: Decode) {
  const written = unicodeElement(element, bytes, decode)
  return elementOf({ bytes: written, characterSet: UNICODE })
}

function unicodeElement(element: Element, buffer: Buffer, decode: Decode): Buffer {
  const { tag, vr, items, valueStart, valueEnd } = element
  if (items) {
    const content = items.map((item) => {
      const inside = item.elements.map((one) => unicodeElement(one, buffer, decode))
      return Buffer.concat(inside)
    })
    const parts = content.flatMap((item) => [encodeItemTag(ITEM, item.length, EXPLICIT), item])
    return encodeElement(tag, 'SQ', Buffer.concat(parts), EXPLICIT)
  }
  const value = buffer.subarray(valueStart, valueEnd)
  return CODED.has(vr)
    ? encodeValue(tag, vr, decode(value), EXPLICIT)
    : encodeElement(tag, vr, value, EXPLICIT)
}

const decoderOf = (characterSet: string): Decode =>
  characterSet === '' ? decodeDefault : decodeWith(characterSet)

interface Dataset extends Back {
  readonly elements: readonly Element[]
  readonly buffer: Buffer
  /** Elements to insert, or to replace the file's own elements with, by tag. */
  readonly placed: ReadonlyMap<number, Buffer>
  readonly decode?: Decode
}

/**
 * Returns the data set with all originals restored. Anything that changes is written with a defined
 * length.
 */
export function putBackAll(dataset: Dataset): Buffer {
  const { elements, buffer, placed, text } = dataset
  const own = findElement(elements, CHARACTER_SET)
  const decode = own
    ? decoderOf(buffer.toString('latin1', own.valueStart, own.valueEnd).trim())
    : (dataset.decode ?? decoderOf(text.characterSet))
  const isTop = dataset.decode === undefined
  const parts: { readonly tag: number; readonly bytes: Buffer }[] = [...placed].map(
    ([tag, bytes]) => ({ tag, bytes }),
  )
  for (const element of elements) {
    const { tag } = element
    if (placed.has(tag) || (isTop && MARKS.has(tag))) continue
    parts.push({ tag, bytes: putBack(element, { ...dataset, decode }) })
  }
  return Buffer.concat(parts.sort((a, b) => a.tag - b.tag).map(({ bytes }) => bytes))
}

function putBack(element: Element, dataset: Dataset & { readonly decode: Decode }): Buffer {
  const { buffer, encoding, former, text, decode } = dataset
  const { tag, items, valueStart, valueEnd } = element
  const same = buffer.subarray(element.start, element.end)
  const vr = element.vr === 'UN' ? (vrOf(tag) ?? 'UN') : element.vr
  if (items) {
    const inside = items.map((item) =>
      putBackAll({
        ...dataset,
        elements: item.elements,
        encoding: item.encoding,
        placed: new Map(),
      }),
    )
    const inner = items[0]?.encoding ?? encoding
    const isSame = items.every((item, i) =>
      inside[i]?.equals(buffer.subarray(item.valueStart, item.valueEnd)),
    )
    if (isSame) return same
    const content = inside.flatMap((item) => [encodeItemTag(ITEM, item.length, inner), item])
    return encodeElement(tag, element.vr, Buffer.concat(content), encoding)
  }
  if (isUid(element)) {
    const before = splitUids(element, buffer)
    const after = before.map((uid) => former.uids.get(uid) ?? uid)
    if (after.every((uid, i) => uid === before[i])) return same
    return encodeText(tag, 'UI', after.join('\\'), encoding)
  }
  const value = buffer.subarray(valueStart, valueEnd)
  if (vr === 'DA' || vr === 'DT') {
    const before = trimPadding(value.toString('latin1'))
    const after = before.split('\\').map((one) => shiftBack(one.trim(), vr, former))
    return after.join('\\') === before ? same : encodeText(tag, vr, after.join('\\'), encoding)
  }
  if (text.isUnicode && tag === CHARACTER_SET) return encodeText(tag, 'CS', UNICODE, encoding)
  if (!CODED.has(vr)) return same
  const before = decode(value)
  const known = vr === 'PN' ? former.patientName : former.patientId
  const after = replaceCode(before, former.code, known)
  if (after === before && !text.isUnicode) return same
  return text.isUnicode || /^[\x20-\x7e\r\n\t\f]*$/.test(after)
    ? encodeValue(tag, vr, after, encoding)
    : same
}

/**
 * Replaces the code only as a separate word. It has twelve characters and does not occur in text by
 * chance.
 */
function replaceCode(text: string, code: string, by: string): string {
  if (code === '' || !text.includes(code)) return text
  return text.split(new RegExp(`(?<![A-Za-z0-9])${code}(?![A-Za-z0-9])`)).join(by)
}

/**
 * Leaves a date unchanged if shifting it back would place it after the day of sending: it was
 * written later, by the reader's own clock.
 */
function shiftBack(
  text: string,
  vr: 'DA' | 'DT',
  { shiftSeconds, sentOn }: FormerIdentity,
): string {
  if (text === '' || shiftSeconds === 0) return text
  const shifted =
    vr === 'DA' ? shiftDate(text, '', -shiftSeconds) : shiftDateTime(text, -shiftSeconds)
  return shifted !== undefined && shifted.slice(0, 8) <= sentOn ? shifted : text
}

export const encodeText = (tag: number, vr: string, text: string, encoding: Encoding): Buffer =>
  encodeElement(tag, vr, padded(Buffer.from(text, 'latin1'), vr), encoding)

const encodeValue = (tag: number, vr: string, text: string, encoding: Encoding): Buffer =>
  encodeElement(tag, vr, padded(Buffer.from(trimPadding(text), 'utf8'), vr), encoding)

const padded = (value: Buffer, vr: string): Buffer =>
  value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from(vr === 'UI' ? '\0' : ' ')])
