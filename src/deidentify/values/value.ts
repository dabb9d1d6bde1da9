/** Computes the new value of one element that is not a sequence. */
import { NocturneError } from '../../lib/errors.js'
import {
  isMoment,
  isTimezoneOffset,
  shiftDate,
  shiftDateTime,
  shiftTime,
  trimPadding,
} from '../../dicom/text/index.js'
import { type Kind, kindOf, partnerOf, TEXT_VRS, vrOf } from '../../dicom/dictionary/index.js'
import { dummyOf } from './dummy.js'
import { type Element, findElement } from '../../dicom/elements/index.js'
import type { ElementReport } from '../contract.js'
import { isRegistered, isWellKnownInstance } from '../identity/keys.js'
import { ageInYears, OLDEST } from './age.js'
import { cleanText } from '../text/clean.js'
import { encodeWritten, readWritten } from '../text/encode.js'
import { fold } from '../text/fold.js'
import { MARK } from '../text/tokens.js'
import type { Scope } from './scope.js'
import type { Base, Rule } from '../rules/rules.js'
import {
  isCodeText,
  isOfRegisteredScheme,
  PRIVATE_SCHEME,
  SCHEME,
} from '../rules/coding-schemes.js'
import { isInNumbers } from '../search/search.js'
import { encodeText } from '../../dicom/write/index.js'

export interface NewValue {
  readonly action: ElementReport['action']
  readonly bytes: Buffer
}

/** The UIDs that identify the instance: never kept, even if they look registered. */
const OWN_UIDS: ReadonlySet<number> = new Set([0x00080018, 0x0020000d, 0x0020000e])
/**
 * UIDs of classes, coding schemes and their resources: a vendor's UID here does not identify an
 * instance.
 */
const CLASS_UIDS: ReadonlySet<number> = new Set([
  0x0008001a, 0x0008001b, 0x00080062, 0x0008010c, 0x00080117, 0x00080118, 0x00081150, 0x0008115a,
])
/**
 * Dates whose meaning depends on the item they are in: DateTime, Date, Selector DA and DT Value.
 */
const DATE_VALUES: ReadonlySet<number> = new Set([0x0040a120, 0x0040a121, 0x00720061, 0x00720063])
/** Far longer than any text a person writes; bounds what is decoded and compared in one step. */
const MAX_TEXT_BYTES = 0x40000
/** Longer text is not cleaned word by word; the base action is applied instead. */
const MAX_CLEANED = 0x8000
/** Per attribute: 65,534 bytes hold about a thousand UIDs of the usual length. */
const MAX_UIDS = 4096

/**
 * Undefined when the value is unchanged.
 *
 * @param isFound the result of searching a large value; undefined for a small one, which is
 *   searched when needed.
 * @throws NocturneError `header_too_complex` for more text or UIDs than any real attribute has.
 */
export function rewriteValue(
  scope: Scope,
  element: Element,
  rule: Rule,
  isFound: boolean | undefined,
): NewValue | undefined {
  if (element.valueEnd === element.valueStart && rule.step !== 'code') return undefined
  const kind = kindOf(element)
  expectBounded(element, kind)
  switch (rule.step) {
    case 'keep':
    case 'check':
      return check(scope, element, kind, rule.base, isFound)
    case 'prose':
      return scope.mode === 'scrub' || scope.mode === 'hide'
        ? basic(scope, element, kind, rule.base)
        : clean(scope, element, kind, rule.base)
    case 'clean':
      return clean(scope, element, kind, rule.base)
    case 'date':
      return shift(scope, element, kind, rule.base)
    case 'timezone':
      return isTimezoneOffset(textOf(scope, element))
        ? undefined
        : basic(scope, element, kind, rule.base)
    case 'code':
      return { action: 'replaced', bytes: encodeText(scope.subject.code, element.vr) }
    default:
      return basic(scope, element, kind, rule.step)
  }
}

/**
 * Only decoded text is bounded: numbers as text (such as a contour) may be long, but like bytes
 * they are only scanned byte by byte.
 */
export function expectBounded({ valueStart, valueEnd }: Element, { isText }: Kind): void {
  if (isText && valueEnd - valueStart > MAX_TEXT_BYTES)
    throw new NocturneError('header_too_complex')
}

function basic(scope: Scope, element: Element, { vr }: Kind, step: Base): NewValue | undefined {
  if (step === 'remove') return { action: 'removed', bytes: NO_BYTES }
  if (step === 'empty') return { action: 'emptied', bytes: NO_BYTES }
  if (step === 'remap' || vr === 'UI' || element.vr === 'UI') return remap(scope, element)
  const dummy = dummyOf(vr)
  const bytes = typeof dummy === 'string' ? encodeText(dummy, vr) : dummy
  return { action: 'replaced', bytes }
}

const NO_BYTES = Buffer.alloc(0)

function remap({ subject, buffer }: Scope, { tag, valueStart, valueEnd }: Element) {
  const isListed = vrOf(tag) === 'UI' && subject.rules.isListed(tag)
  const values = buffer
    .toString('latin1', valueStart, valueEnd)
    .split('\\', MAX_UIDS + 1)
    .map((uid) => uid.replace(/[\0 ]+/g, ''))
  if (values.length > MAX_UIDS) throw new NocturneError('header_too_complex')
  const mapped = values.map((uid) => {
    if (uid === '') return uid
    if (OWN_UIDS.has(tag)) return subject.mapUid(uid)
    if (CLASS_UIDS.has(tag) && isUid(uid) && !subject.identifiers.isInText(uid)) return uid
    const isKept = isListed ? isWellKnownInstance(uid) : isRegistered(uid)
    return isKept ? uid : subject.mapUid(uid)
  })
  if (mapped.every((uid, index) => uid === values[index])) return undefined
  return { action: 'remapped' as const, bytes: encodeText(mapped.join('\\'), 'UI') }
}

/** PS3.5 section 9.1, except that leading zeros are allowed. */
const isUid = (text: string): boolean => /^[0-9.]{1,64}$/.test(text)

function check(
  scope: Scope,
  element: Element,
  kind: Kind,
  base: Base,
  isFound: boolean | undefined,
): NewValue | undefined {
  const { buffer, decode, mode } = scope
  const { identifiers } = scope.subject
  const { valueStart, valueEnd } = element
  if (kind.isSplit) {
    const values = textOf(scope, element)
      .split('\\')
      .map((one) => one.trim())
    const isFormed = values.every(
      (one) => one === '' || (hasForm(one, kind.vr) && !isPatientTime(scope, kind, one)),
    )
    const isIn =
      kind.vr === 'UI'
        ? (isFound ?? identifiers.isInBytes(buffer, valueStart, valueEnd))
        : tellsBirth(scope, element.tag, values)
    return isFormed && !isIn ? undefined : basic(scope, element, kind, base)
  }
  if (!kind.isNumber && kind.isWritten) {
    if (mode === 'check' && isCodeText(element.tag) && !hasRegisteredScheme(scope))
      return cleanCode(scope, element, kind)
    const isKept =
      mode === 'check' || (mode !== 'hide' && isCodeText(element.tag) && hasRegisteredScheme(scope))
    if (TEXT_VRS.has(kind.vr) && !isKept)
      return mode === 'clean'
        ? clean(scope, element, kind, 'dummy')
        : basic(scope, element, kind, 'dummy')
    const isIn =
      isFound === true ||
      identifiers.isInWritten(buffer, valueStart, valueEnd, decode, isFound !== undefined) ||
      namesPlace(scope, element, kind)
    if (!isIn) return undefined
    if (kind.vr !== 'CS') return clean(scope, element, kind, 'dummy')
    // Found in its bytes but in none of its values, so the whole element is removed.
    return (
      withoutValues(scope, element, () => true) ?? { action: 'removed' as const, bytes: NO_BYTES }
    )
  }
  const isIn =
    isFound ??
    (kind.isNumber
      ? isInNumbers(identifiers, buffer, valueStart, valueEnd)
      : identifiers.isInBytes(buffer, valueStart, valueEnd))
  const isOfPatient =
    kind.isNumber && valueEnd - valueStart <= MAX_NUMBER && isPatientsOwn(scope, element)
  return isIn || isOfPatient ? basic(scope, element, kind, base) : aged(scope, element)
}

/** A value longer than this has too many numbers to be an ID. */
const MAX_NUMBER = 256
const isPatientsOwn = (scope: Scope, element: Element): boolean =>
  textOf(scope, element)
    .split('\\')
    .some((value) => scope.subject.identifiers.isPatientNumber(value))

/** Caps an age over 90 under `ages: cap-90`. */
function aged(scope: Scope, element: Element): NewValue | undefined {
  if (element.vr !== 'AS' || !scope.subject.rules.capsAges) return undefined
  const years = Number(/^(\d{3})Y$/.exec(textOf(scope, element))?.[1] ?? 0)
  return years > OLDEST
    ? { action: 'replaced', bytes: encodeText(ageInYears(OLDEST), 'AS') }
    : undefined
}

/**
 * A study performed on the date of birth keeps its date under the option for full dates. A birth
 * date given as a value does not.
 */
const tellsBirth = ({ subject }: Scope, tag: number, values: readonly string[]): boolean =>
  (DATE_VALUES.has(tag) || !subject.rules.isListed(tag)) &&
  values.some((value) => subject.identifiers.isBirthDate(value))

/** Whether a time equals the patient's number: a patient with number 120000, examined at noon. */
const isPatientTime = ({ subject }: Scope, { vr }: Kind, value: string): boolean =>
  vr !== 'UI' && subject.identifiers.isPatientNumber(value)

const hasForm = (text: string, vr: string): boolean =>
  vr === 'UI' ? isUid(text) : isMoment(text, vr)

/** Characters per value (PS3.5 Table 6.2-1). */
const LONGEST: Readonly<Record<string, number>> = { SH: 16, LO: 64, ST: 1024, LT: 10240 }
/** Text Value of a report, which people read as whole sentences. */
const TEXT_VALUE = 0x0040a160

/**
 * Removes whatever could identify a person from each value; applies the base action when nothing is
 * left.
 */
function clean(scope: Scope, element: Element, kind: Kind, base: Base): NewValue | undefined {
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
function withoutValues(
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
  return values.every((value) => value.trim() === '')
    ? { action: 'removed', bytes: NO_BYTES }
    : { action: 'cleaned', bytes: encodeText(after, 'CS') }
}

/** Code strings that state a body part, which can also be a word of a name. */
const BODY_PARTS: ReadonlySet<number> = new Set([0x00180015, 0x00180012])
const namesPart = ({ subject }: Scope, tag: number, folded: string): boolean =>
  (vrOf(tag) !== 'CS' || BODY_PARTS.has(tag)) && subject.identifiers.hasPatientWord(folded)

function shift(scope: Scope, element: Element, kind: Kind, base: Base): NewValue | undefined {
  const { shiftSeconds } = scope.subject
  const { vr } = kind
  const before = textOf(scope, element)
  const values = before.split('\\').map((value) => value.trim())
  const beside = partnerOf(element.tag)
  const partner = beside === undefined ? undefined : findElement(scope.elements, beside)
  // A list of dates and a list of times of equal length are paired by position.
  const partners = partner ? textOf(scope, partner).split('\\') : []
  const isPaired = partners.length === values.length
  const isOfPatient = values.some((value) => isPatientTime(scope, kind, value))
  if (isOfPatient || tellsBirth(scope, element.tag, values))
    return basic(scope, element, kind, base)
  const shifted = values.map((value, index) => {
    if (value === '') return value
    const beside = isPaired ? (partners[index]?.trim() ?? '') : ''
    if (vr === 'DA') return shiftDate(value, beside, shiftSeconds)
    if (vr === 'TM') return shiftTime(value, shiftSeconds)
    return vr === 'DT' ? shiftDateTime(value, shiftSeconds) : undefined
  })
  if (!shifted.every((value) => value !== undefined)) return basic(scope, element, kind, base)
  const after = shifted.join('\\')
  if (after === before.trim()) return undefined
  return { action: 'shifted', bytes: encodeText(after, vr) }
}

/** Cleans a code defined by a site or vendor, whose texts were typed by people. */
function cleanCode(scope: Scope, element: Element, kind: Kind): NewValue | undefined {
  if (element.tag !== SCHEME) return clean(scope, element, kind, 'dummy')
  return { action: 'replaced', bytes: encodeText(PRIVATE_SCHEME, element.vr) }
}

const hasRegisteredScheme = (scope: Scope): boolean => {
  const scheme = findElement(scope.elements, SCHEME)
  return scheme !== undefined && isOfRegisteredScheme(textOf(scope, scheme))
}

/** Manufacturer: hospitals may have the same name as a manufacturer. */
const MANUFACTURER = 0x00080070

/**
 * Words that are identifiers only in some attributes: words of the patient's names that are also
 * ordinary words, and words of the institution's name.
 */
function namesPlace(scope: Scope, element: Element, { vr }: Kind): boolean {
  const { identifiers } = scope.subject
  if (vr !== 'CS' && !TEXT_VRS.has(vr)) return false
  const folded = fold(textOf(scope, element))
  if (namesPart(scope, element.tag, folded)) return true
  return vr !== 'CS' && element.tag !== MANUFACTURER && identifiers.namesInstitution(folded)
}

const textOf = ({ buffer, decode }: Scope, { valueStart, valueEnd }: Element): string =>
  trimPadding(decode(buffer.subarray(valueStart, valueEnd)))
