/** The output header read again: by our walker for identifiers, and by dcmjs for a second opinion on its structure. */
import { hash } from 'node:crypto'
import dcmjs, { type DicomElement } from 'dcmjs'
import { NocturneError } from '../lib/errors.js'
import { decodeDefault, type Decode } from './charset.js'
import { fold } from './clean.js'
import { hex, vrOf } from './dictionary.js'
import { EXPLICIT_BIG, type Element, type Encoding, type Item } from './element.js'
import { isWritten } from './identifiers.js'
import { encodeStart, MARK_TAGS } from './marks.js'
import { keyOf, memoOf } from './memo.js'
import type { Pace, Steps } from './pace.js'
import { frame, isLeftOut, PIECE, pieces, shapeOf } from './pieces.js'
import { characterSetOf, decodeOf, isSmall } from './rewrite.js'
import type { Subject } from './subject.js'
import { expectBounded } from './value.js'
import { Output } from './write.js'

// It writes what it thinks of values, and the values, to the console.
dcmjs.log.setLevel('silent')
dcmjs.log.getLogger('validation.dcmjs').setLevel('silent')

const CODED: ReadonlySet<number> = new Set([0x00100010, 0x00100020])
/** Digits that are no text: a number of the source comes up within them by chance, and their form was checked. */
const NOT_SEARCHED: ReadonlySet<string> = new Set('AS DA DS DT IS TM UI'.split(' '))
const NUMBERS: ReadonlySet<string> = new Set(['DS', 'IS'])

/**
 * The patient's code may stand in Patient ID and Patient's Name.
 *
 * @throws NocturneError `identifier_left` when another value of the new data set holds an identifier of the source.
 */
export function* expectNoIdentifier(
  elements: readonly Element[],
  buffer: Buffer,
  subject: Subject,
  encoding: Encoding,
): Steps<void> {
  const memo = memoOf(subject, { encoding, characterSet: characterSetOf(elements, buffer) })
  const decode = decodeOf(elements, buffer) ?? decodeDefault
  for (const element of elements) {
    if (subject.pace.isDue()) yield
    if (MARK_TAGS.has(element.tag)) continue
    const key = memo && keyOf(element, buffer, NO_PARTNERS)
    if (key !== undefined && memo?.isClean(key)) continue
    yield* searchElement(element, buffer, subject, decode)
    if (key !== undefined) memo?.rememberClean(key)
  }
}

const NO_PARTNERS: readonly Element[] = []

function* searchElement(
  element: Element,
  buffer: Buffer,
  subject: Searched,
  decode: Decode,
): Steps<void> {
  const { items, valueStart, valueEnd } = element
  for (const { elements } of items ?? []) {
    const own = decodeOf(elements, buffer) ?? decode
    for (const inside of elements) {
      if (subject.pace.isDue()) yield
      if (isSmall(inside)) searchSmall(inside, buffer, subject, own)
      else yield* searchElement(inside, buffer, subject, own)
    }
  }
  if (isSmall(element)) searchSmall(element, buffer, subject, decode)
  else if (!items && isSearched(element, buffer, subject, decode)) {
    const value = buffer.subarray(valueStart, valueEnd)
    if (yield* subject.identifiers.search(value, subject.pace))
      throw new NocturneError('identifier_left')
  }
}

type Searched = Pick<Subject, 'identifiers' | 'code' | 'pace'>

function searchSmall(element: Element, buffer: Buffer, subject: Searched, decode: Decode): void {
  if (!isSearched(element, buffer, subject, decode)) return
  const value = buffer.subarray(element.valueStart, element.valueEnd)
  if (subject.identifiers.isInBytes(value)) throw new NocturneError('identifier_left')
}

/** Searches what is text. Whether the bytes are to be searched too. */
function isSearched(
  element: Element,
  buffer: Buffer,
  { identifiers, code }: Searched,
  decode: Decode,
): boolean {
  const { tag, valueStart, valueEnd } = element
  if (valueEnd === valueStart) return false
  const vr = vrOf(tag) ?? element.vr
  const value = buffer.subarray(valueStart, valueEnd)
  // A file that comes back names its patient by this very code.
  if (CODED.has(tag) && value.toString('latin1').trim() === code) return false
  expectBounded(element)
  const isText = isWritten(vr) || isWritten(element.vr)
  if (isText && identifiers.isInText(fold(decode(value))))
    throw new NocturneError('identifier_left')
  if (NUMBERS.has(vr) && isSmall(element) && identifiers.isNumber(value))
    throw new NocturneError('identifier_left')
  return !NOT_SEARCHED.has(vr)
}

type ParsedDataset = Readonly<Record<string, DicomElement>>

/**
 * dcmjs must see the same elements, VRs and items that we do.
 *
 * It reads a copy, piece by piece, because it is slow and wrong about some of what is right. Left out are Specific
 * Character Set (it refuses several sets, and no text is compared), sequences written as UN (it reads them with the
 * wrong VRs), and values that are too large to be read in a step. Sequences of undefined length get a defined one (it
 * would look for the delimiter inside values), so on their extent alone it takes our word; all else stands as in the
 * file. Nothing is deflated. What it does not see is still walked and searched.
 *
 * @throws NocturneError `output_disagrees`
 */
export function* expectAgreement(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
  pace: Pace,
): Steps<void> {
  const syntax =
    encoding === EXPLICIT_BIG
      ? '1.2.840.10008.1.2.2'
      : encoding.explicit
        ? '1.2.840.10008.1.2.1'
        : '1.2.840.10008.1.2'
  for (const piece of pieces(elements)) {
    const shape = hash('sha256', syntax + shapeOf(piece), 'base64')
    if (agreedShapes.has(shape)) continue
    const copy = new Output()
    copy.add(encodeStart('1.2', '1.2', syntax))
    frame(piece, buffer, encoding, copy)
    const bytes = yield* copy.toBuffer(pace)
    if (!agrees(piece, parse(bytes), encoding)) throw new NocturneError('output_disagrees')
    remember(shape)
    if (pace.isDue(PIECE)) yield
  }
}

/**
 * Shapes on which both readers have agreed. What dcmjs makes of a header's structure hangs on tags, VRs, lengths and
 * nesting alone, and the slices of a series share them: so it reads the first slice, and those that differ.
 */
const agreedShapes = new Set<string>()
const SHAPES = 10_000

function remember(shape: string): void {
  if (agreedShapes.size >= SHAPES) agreedShapes.clear()
  agreedShapes.add(shape)
}

function parse(bytes: Buffer): ParsedDataset {
  try {
    // dcmjs reads an ArrayBuffer from its start, and `bytes` may lie inside a shared one.
    const whole = new ArrayBuffer(bytes.length)
    bytes.copy(Buffer.from(whole))
    return dcmjs.data.DicomMessage.readFile(whole).dict
  } catch (error) {
    throw new NocturneError('output_disagrees', { cause: error })
  }
}

function agrees(
  elements: readonly Element[],
  parsed: ParsedDataset,
  { explicit }: Encoding,
): boolean {
  const seen = elements.filter((element) => !isLeftOut(element))
  if (Object.keys(parsed).length !== seen.length) return false
  return seen.every(({ tag, vr, items, valueStart, valueEnd }) => {
    const other = parsed[hex(tag)]
    if (other === undefined) return false
    if (items) return sameItems(items, other, explicit)
    if (other.vr === 'SQ') return valueStart === valueEnd
    // Under implicit VR, and for UN, each has the VR from a dictionary of its own.
    return !explicit || vr === 'UN' || other.vr === vr
  })
}

function sameItems(items: readonly Item[], other: DicomElement, explicit: boolean): boolean {
  // A sequence that the other dictionary does not know is opaque to it under implicit VR.
  if (other.vr !== 'SQ') return !explicit && other.vr === 'UN'
  // It passes over items without elements, so neither side counts them.
  const full = items.filter(({ elements }) => elements.some((element) => !isLeftOut(element)))
  const values = (other.Value ?? []) as readonly ParsedDataset[]
  const seen = values.filter((value) => Object.keys(value).length > 0)
  if (seen.length !== full.length) return false
  return full.every(({ elements, encoding }, index) => {
    const value = seen[index]
    return value !== undefined && agrees(elements, value, encoding)
  })
}
