/**
 * Values of FHIR search parameters (R4, section 3.1.1.4): lists, tokens, and dates with prefixes.
 */
import { NocturneError } from '../../lib/errors.js'

/** Maximum number of values per parameter, and of parameters per search. */
export const MAX_VALUES = 200

/** A token: `system|code`, `code`, or `|code`. An empty system means that there is none. */
export interface Token {
  readonly system: string | undefined
  readonly code: string
}

/** In milliseconds since 1970: the first instant of the date, and the first instant after it. */
export interface DateRange {
  readonly from: number
  readonly until: number
}

/** `subject` is a fixed text, because what was typed may contain anything. */
export const invalid = (subject: string): NocturneError =>
  new NocturneError('search_invalid', { subject })

/** Splits at separators that are not escaped by a backslash (section 3.1.1.4.3). */
export function splitAt(separator: ',' | '|', text: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i)
    if (character === '\\') {
      part += character + text.charAt(i + 1)
      i += 1
    } else if (character === separator) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part]
}

export const unescape = (text: string): string => text.replace(/\\([\\,|$])/g, '$1')

export function tokenOf(text: string): Token | undefined {
  const [first = '', second, ...rest] = splitAt('|', text)
  if (rest.length > 0) return undefined
  if (second === undefined)
    return first === '' ? undefined : { system: undefined, code: unescape(first) }
  return second === '' ? undefined : { system: unescape(first), code: unescape(second) }
}

export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'] as const
export type Prefix = (typeof PREFIXES)[number]

const DATE =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/** A date of any precision, from a year to fractions of a second; UTC when it has no time zone. */
export function dateOf(text: string): { prefix: Prefix; range: DateRange } | undefined {
  const prefix = PREFIXES.find((one) => text.startsWith(one))
  // A plus sign that was not percent-encoded arrives as a space.
  const written = (prefix ? text.slice(2) : text).replace(' ', '+')
  const [, year, month, day, hour, minute, second, fraction, zone] = DATE.exec(written) ?? []
  if (year === undefined) return undefined
  const at = (y: number, mo: number, d: number) => Date.UTC(y, mo, d)
  const [y, mo, d] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)]
  const midnight = at(y, mo, d)
  const isReal = new Date(midnight).getUTCMonth() === mo && new Date(midnight).getUTCDate() === d
  if (!isReal || y < 1) return undefined
  const range = (from: number, until: number) => ({
    prefix: prefix ?? 'eq',
    range: { from, until },
  })
  if (month === undefined) return range(midnight, at(y + 1, 0, 1))
  if (day === undefined) return range(midnight, at(y, mo + 1, 1))
  if (hour === undefined) return range(midnight, midnight + 86_400_000)
  const seconds = `${second ?? '00'}.${(fraction ?? '').slice(0, 3).padEnd(3, '0')}`
  const from = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute ?? ''}:${seconds}${zone ?? 'Z'}`,
  )
  if (Number.isNaN(from)) return undefined
  const length = second === undefined ? 60_000 : 1_000 / 10 ** Math.min(3, fraction?.length ?? 0)
  return range(from, from + length)
}
