/**
 * Whether a value of the source contains something that must not stay: an identifier or, in a
 * number, any other text.
 */
import type { Element } from '../../dicom/elements/index.js'
import type { Steps } from '../../lib/pace.js'
import type { Identifiers } from './identifiers.js'
import { kindOf } from '../../dicom/dictionary/index.js'
import type { Scope } from '../values/scope.js'

const LARGE = 0x10000

/** Whether the element is searched in one step. */
export const isSmall = ({ items, valueStart, valueEnd }: Element): boolean =>
  items === undefined && valueEnd - valueStart < LARGE

/** Searches a large value in steps, in advance, whether or not the result will be needed. */
export function* searchLarge(
  element: Element,
  { subject, buffer }: Pick<Scope, 'subject' | 'buffer'>,
): Steps<boolean> {
  const { identifiers, pace } = subject
  const { valueStart, valueEnd } = element
  if (!kindOf(element).isNumber)
    return yield* identifiers.search(buffer.subarray(valueStart, valueEnd), pace)
  for (let at = valueStart; at < valueEnd;) {
    const end = endOfNumbers(buffer, at, valueEnd)
    if (isInNumbers(identifiers, buffer, at, end)) return true
    at = end
    if (pace.isDue(LARGE >> 8)) yield
  }
  return false
}

/** The end of a slice of about LARGE bytes from `at`, placed between two numbers if possible. */
function endOfNumbers(buffer: Buffer, at: number, end: number): number {
  if (end - at <= LARGE) return end
  const separator = buffer.lastIndexOf(0x5c, at + LARGE)
  return separator > at ? separator : at + LARGE
}

/** For numbers written as text (DS, IS, AS). */
export const isInNumbers = (
  identifiers: Identifiers,
  buffer: Buffer,
  start: number,
  end: number,
): boolean => isNotNumeric(buffer, start, end) || identifiers.isNumber(buffer, start, end)

const NUMERIC = new Uint8Array(256)
for (const byte of Buffer.from('0123456789 +-.eE\\DWMY')) NUMERIC[byte] = 1

/**
 * Whether the value contains anything other than numbers and their separators, apart from one NUL
 * at the end.
 */
function isNotNumeric(buffer: Buffer, start: number, valueEnd: number): boolean {
  const end = buffer[valueEnd - 1] === 0 ? valueEnd - 1 : valueEnd
  for (let at = start; at < end; at++) if (NUMERIC[buffer[at] ?? 0] === 0) return true
  return false
}
