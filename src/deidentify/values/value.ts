/** Computes the new value of one element that is not a sequence. */
import { NocturneError } from '../../lib/errors.js'
import {
  isMoment,
  isTimezoneOffset,
  shiftDate,
  shiftDateTime,
  shiftTime,
} from '../../dicom/text/index.js'
import { type Kind, kindOf, partnerOf, TEXT_VRS } from '../../dicom/dictionary/index.js'
import { type Element, findElement } from '../../dicom/elements/index.js'
import { encodeText } from '../../dicom/write/index.js'
import { isCodeText, isOfRegisteredScheme, SCHEME } from '../rules/coding-schemes.js'
import type { Base, Rule } from '../rules/rules.js'
import { isInNumbers } from '../search/search.js'
import { ageInYears, OLDEST } from './age.js'
import { basic, isUid, NO_BYTES, type NewValue } from './basic.js'
import { clean, cleanCode, namesPlace, withoutValues } from './clean.js'
import { type Scope, textOf } from './scope.js'

/**
 * Dates whose meaning depends on the item they are in: DateTime, Date, Selector DA and DT Value.
 */
const DATE_VALUES: ReadonlySet<number> = new Set([0x0040a120, 0x0040a121, 0x00720061, 0x00720063])
/** Far longer than any text a person writes; bounds what is decoded and compared in one step. */
const MAX_TEXT_BYTES = 0x40000

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

const hasRegisteredScheme = (scope: Scope): boolean => {
  const scheme = findElement(scope.elements, SCHEME)
  return scheme !== undefined && isOfRegisteredScheme(textOf(scope, scheme))
}
