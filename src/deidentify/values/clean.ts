/** Removes from text and code strings whatever could name a person. */
import { type Kind, TEXT_VRS, vrOf } from '../../dicom/dictionary/index.js'
import type { Element } from '../../dicom/elements/index.js'
import { trimPadding } from '../../dicom/text/index.js'
import { encodeText } from '../../dicom/write/index.js'
import { PRIVATE_SCHEME, SCHEME } from '../rules/coding-schemes.js'
import type { Base } from '../rules/rules.js'
import { cleanText } from '../text/clean.js'
import { encodeWritten, readWritten } from '../text/encode.js'
import { fold } from '../text/fold.js'
import { MARK } from '../text/tokens.js'
import { basic, NO_BYTES, type NewValue } from './basic.js'
import { DUMMY_TEXT } from './dummy.js'
import { type Scope, textOf } from './scope.js'

/** Longer text is not cleaned word by word; the base action is applied instead. */
const MAX_CLEANED = 0x8000
/** Characters per value (PS3.5 Table 6.2-1). */
const LONGEST: Readonly<Record<string, number>> = { SH: 16, LO: 64, ST: 1024, LT: 10240 }
/** Text Value of a report, which people read as whole sentences. */
const TEXT_VALUE = 0x0040a160

/**
 * Removes whatever could identify a person from each value; applies the base action when nothing is
 * left.
 */
export function clean(
  scope: Scope,
  element: Element,
  kind: Kind,
  base: Base,
): NewValue | undefined {
  const { buffer, decode, subject } = scope
  const { vr } = kind
  const { tag, valueStart, valueEnd } = element
  if (vr === 'CS')
    return withoutValues(scope, element, (value) => cleaned(scope, value, 16) === value)
  if (!TEXT_VRS.has(vr) || valueEnd - valueStart > MAX_CLEANED)
    return basic(scope, element, kind, base)
  const source = buffer.subarray(valueStart, valueEnd)
  const values = trimPadding(readWritten(source, decode)).split(
    vr === 'LO' || vr === 'SH' ? '\\' : /(?!)/,
  )
  const longest = LONGEST[vr] ?? MAX_CLEANED
  const after = values.map((value) => cleaned(scope, value, longest, tag === TEXT_VALUE))
  if (after.every((value, index) => value === values[index]?.trim()))
    return subject.identifiers.isInText(fold(after.join('\\')))
      ? basic(scope, element, kind, base)
      : undefined
  if (after.every((value) => value === '')) return basic(scope, element, kind, base)
  // In a list, the position of a value has a meaning, so a mark replaces one that is now empty.
  const filled = after.map((value, index) =>
    value === '' && values[index]?.trim() !== '' ? MARK : value,
  )
  const joined = filled.join('\\')
  if (subject.identifiers.isInText(fold(joined))) return basic(scope, element, kind, base)
  return { action: 'cleaned', bytes: padded(encodeWritten(joined, source, decode)) }
}

const padded = (bytes: Buffer): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, SPACE])
const SPACE = Buffer.from(' ')

const cleaned = ({ subject }: Scope, text: string, longest: number, isProse = false): string => {
  const { identifiers, vocabulary } = subject
  return cleanText(text, { forbidden: identifiers.names, vocabulary, longest, isProse })
}

/**
 * Code strings are terms: one that identifies a person, or may not stay, is removed without a
 * replacement.
 */
export function withoutValues(
  scope: Scope,
  element: Element,
  mayStay: (value: string) => boolean,
): NewValue | undefined {
  const { identifiers } = scope.subject
  const before = textOf(scope, element)
  const values = before.split('\\').map((value) => {
    const folded = fold(value)
    const isIn = identifiers.isInText(folded) || namesPart(scope, element.tag, folded)
    return isIn || !mayStay(value.trim()) ? '' : value
  })
  const after = values.join('\\')
  if (after === before) return undefined
  const isEmpty = values.every((value) => value.trim() === '')
  if (isEmpty && CHOSEN_NAMES.has(element.tag))
    return { action: 'replaced', bytes: encodeText(DUMMY_TEXT, 'CS') }
  return isEmpty
    ? { action: 'removed', bytes: NO_BYTES }
    : { action: 'cleaned', bytes: encodeText(after, 'CS') }
}

/**
 * Graphic Layer and Content Label of presentation states: names chosen by a user, which must have a
 * value (PS3.3 10.9, C.10.5, C.10.7).
 */
const CHOSEN_NAMES: ReadonlySet<number> = new Set([0x00700002, 0x00700080])

/** Code strings that state a body part, which can also be a word of a name. */
const BODY_PARTS: ReadonlySet<number> = new Set([0x00180015, 0x00180012])
const namesPart = ({ subject }: Scope, tag: number, folded: string): boolean =>
  (vrOf(tag) !== 'CS' || BODY_PARTS.has(tag)) && subject.identifiers.hasPatientWord(folded)

/** Cleans a code defined by a site or vendor, whose texts were typed by people. */
export function cleanCode(scope: Scope, element: Element, kind: Kind): NewValue | undefined {
  if (element.tag !== SCHEME) return clean(scope, element, kind, 'dummy')
  return { action: 'replaced', bytes: encodeText(PRIVATE_SCHEME, element.vr) }
}

/** Manufacturer: hospitals may have the same name as a manufacturer. */
const MANUFACTURER = 0x00080070

/**
 * Words that are identifiers only in some attributes: words of the patient's names that are also
 * ordinary words, and words of the institution's name.
 */
export function namesPlace(scope: Scope, element: Element, { vr }: Kind): boolean {
  const { identifiers } = scope.subject
  if (vr !== 'CS' && !TEXT_VRS.has(vr)) return false
  const folded = fold(textOf(scope, element))
  if (namesPart(scope, element.tag, folded)) return true
  return vr !== 'CS' && element.tag !== MANUFACTURER && identifiers.namesInstitution(folded)
}
