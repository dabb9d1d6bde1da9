/** Whether a value of the source holds what may not stay, for values of any size. */
import type { Element } from './element.js'
import type { Identifiers } from './identifiers.js'
import type { Steps } from './pace.js'
import type { Scope } from './rewrite.js'
import { isNotNumeric, isNumber, type Search } from './value.js'

const LARGE = 0x10000

/** What is searched in one step. */
export const isSmall = ({ items, valueStart, valueEnd }: Element): boolean =>
  items === undefined && valueEnd - valueStart < LARGE

/** Of a small value: searched when that is asked for. */
export const searchOf = (element: Element, identifiers: Identifiers): Search =>
  isNumber(element)
    ? (value) => isNotNumeric(value) || identifiers.isNumber(value)
    : (value) => identifiers.isInBytes(value)

/** Large values are searched in steps, before it is known whether that will be asked for. */
export function* searchLarge(
  element: Element,
  { subject, buffer }: Pick<Scope, 'subject' | 'buffer'>,
): Steps<Search> {
  const { identifiers, pace } = subject
  const { valueStart, valueEnd } = element
  if (!isNumber(element)) {
    const isFound = yield* identifiers.search(buffer.subarray(valueStart, valueEnd), pace)
    return () => isFound
  }
  const isFoundIn = searchOf(element, identifiers)
  for (let at = valueStart; at < valueEnd;) {
    const numbers = buffer.subarray(at, endOfNumbers(buffer, at, valueEnd))
    if (isFoundIn(numbers)) return () => true
    at += numbers.length
    if (pace.isDue(LARGE >> 8)) yield
  }
  return () => false
}

/** About LARGE bytes from `at`, to between two numbers. */
function endOfNumbers(buffer: Buffer, at: number, end: number): number {
  if (end - at <= LARGE) return end
  const separator = buffer.lastIndexOf(0x5c, at + LARGE)
  return separator > at ? separator : at + LARGE
}
