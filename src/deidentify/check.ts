/** Re-reads the new header with our own walker, searching for identifiers of the source. */
import { NocturneError } from '../lib/errors.js'
import { type Decode, decodeDefault } from '../dicom/text/index.js'
import type { Element, Encoding } from '../dicom/elements/index.js'
import type { Steps } from '../lib/pace.js'
import { kindOf, TEXT_VRS, type Kind } from '../dicom/dictionary/index.js'
import { fold } from './text/fold.js'
import { MARK_TAGS } from './values/marks.js'
import { cacheOf } from './values/outcome-cache.js'
import { characterSetOf, decodeOf } from './values/character-set.js'
import { isSmall } from './search/search.js'
import type { Subject } from './subject.js'
import { expectBounded } from './values/value.js'

/** A new data set. */
interface Searchable {
  readonly elements: readonly Element[]
  readonly buffer: Buffer
  readonly encoding: Encoding
}

const CODED: ReadonlySet<number> = new Set([0x00100010, 0x00100020])
/**
 * Only Patient ID and Patient's Name may contain the patient's code.
 *
 * @param searched fewer elements if all others were already searched.
 * @throws NocturneError `identifier_left` when another value of the new data set contains an
 *   identifier of the source.
 */
export function* expectNoIdentifier(
  { elements, buffer, encoding }: Searchable,
  subject: Subject,
  searched: readonly Element[] = elements,
): Steps<void> {
  const cache = cacheOf(subject, { encoding, characterSet: characterSetOf(elements, buffer) })
  const decode = decodeOf(elements, buffer) ?? decodeDefault
  for (const element of searched) {
    if (subject.pace.isDue()) yield
    if (MARK_TAGS.has(element.tag)) continue
    if (cache.clean.find(element, buffer, elements) === true) continue
    if (isSmall(element)) searchSmall(element, buffer, subject, decode)
    else yield* searchElement(element, buffer, subject, decode)
    cache.clean.keep(element, buffer, elements, true)
  }
}

/** Searches a sequence, or a value whose bytes are searched in steps. */
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
  if (items || isOwnCode(element, buffer, subject)) return
  const { identifiers, pace } = subject
  const kind = kindOf(element)
  expectBounded(element, kind)
  const isIn =
    (kind.isWritten && identifiers.isInWritten(buffer, valueStart, valueEnd, decode, true)) ||
    (!kind.isFormed && (yield* identifiers.search(buffer.subarray(valueStart, valueEnd), pace)))
  if (isIn) throw new NocturneError('identifier_left')
}

type Searched = Pick<Subject, 'identifiers' | 'code' | 'pace'>

function searchSmall(element: Element, buffer: Buffer, subject: Searched, decode: Decode): void {
  const { valueStart, valueEnd } = element
  if (valueEnd === valueStart || isOwnCode(element, buffer, subject)) return
  const { identifiers } = subject
  const kind = kindOf(element)
  expectBounded(element, kind)
  const isIn =
    (kind.isNumber && identifiers.isNumber(buffer, valueStart, valueEnd)) ||
    (kind.isWritten
      ? identifiers.isInWritten(buffer, valueStart, valueEnd, decode, kind.isFormed)
      : !kind.isFormed && identifiers.isInBytes(buffer, valueStart, valueEnd))
  if (isIn || hasPatientWord(element, kind, buffer, subject, decode))
    throw new NocturneError('identifier_left')
}

/**
 * Code strings are not searched for these words: they are terms of the standard, which may coincide
 * with a patient's name.
 */
const hasPatientWord = (
  { valueStart, valueEnd }: Element,
  { vr }: Kind,
  buffer: Buffer,
  { identifiers }: Searched,
  decode: Decode,
): boolean =>
  identifiers.hasPatientWords &&
  TEXT_VRS.has(vr) &&
  identifiers.hasPatientWord(fold(decode(buffer.subarray(valueStart, valueEnd))))

/**
 * The source may already contain this very code, if it is a file that was de-identified here
 * before.
 */
const isOwnCode = (
  { tag, valueStart, valueEnd }: Element,
  buffer: Buffer,
  { code }: Searched,
): boolean => CODED.has(tag) && buffer.toString('latin1', valueStart, valueEnd).trim() === code
