/** The new header read again by our walker, for identifiers of the source. */
import { NocturneError } from '../lib/errors.js'
import { decodeDefault, type Decode } from './charset.js'
import { fold, isVerbatim } from './clean.js'
import { vrOf } from './dictionary.js'
import type { Element, Encoding } from './element.js'
import { isWritten } from './identifiers.js'
import { MARK_TAGS } from './marks.js'
import { keyOf, memoOf } from './memo.js'
import type { Steps } from './pace.js'
import { characterSetOf, decodeOf } from './rewrite.js'
import { isSmall } from './search.js'
import type { Subject } from './subject.js'
import { expectBounded, isNumber } from './value.js'

const CODED: ReadonlySet<number> = new Set([0x00100010, 0x00100020])
/** Digits that are no text: a number of the source comes up within them by chance, and their form was checked. */
const NOT_SEARCHED: ReadonlySet<string> = new Set('AS DA DS DT IS TM UI'.split(' '))

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
    if (isSmall(element)) searchSmall(element, buffer, subject, decode)
    else yield* searchElement(element, buffer, subject, decode)
    if (key !== undefined) memo?.rememberClean(key)
  }
}

const NO_PARTNERS: readonly Element[] = []

/** A sequence, or a value that is searched in steps. */
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
  if (!items && isSearched(element, buffer, subject, decode)) {
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
  if (isNumber(element) && isSmall(element) && identifiers.isNumber(value))
    throw new NocturneError('identifier_left')
  if (!isWritten(vr) && !isWritten(element.vr)) return !NOT_SEARCHED.has(vr)
  const text = decode(value)
  if (identifiers.isInText(fold(text))) throw new NocturneError('identifier_left')
  return !NOT_SEARCHED.has(vr) && !isVerbatim(text, value)
}
