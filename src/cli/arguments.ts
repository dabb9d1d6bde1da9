import { InvalidArgumentError } from 'commander'
import { readCaseCode } from '../lib/case-code.js'
import { ID_PATTERN } from '../lib/id-pattern.js'
import { isRealDate } from '../lib/real-date.js'

/** A whole number between bounds, as an option's parser. */
export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new InvalidArgumentError(`give a whole number from ${least} to ${most}`)
}

export const portNumber = wholeNumber(0, 65_535)

/**
 * A date or an RFC 3339 instant, as the text that the gateway accepts; a date means its first
 * moment in UTC.
 */
export function instant(text: string): string {
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  if (isInstant && isRealDate(text)) return new Date(text).toISOString()
  throw new InvalidArgumentError(
    isInstant
      ? 'there is no such date or time; give a date such as 2026-03-01 or 2026-03-01T22:00:00Z'
      : 'give a date such as 2026-03-01 or 2026-03-01T22:00:00Z',
  )
}

/**
 * The ID of a transfer becomes part of an address and of a folder name. Anything that no gateway
 * can have issued is a usage error.
 */
export function transferId(text: string): string {
  if (ID_PATTERN.test(text)) return text
  throw new InvalidArgumentError('give the ID of a transfer, as send and inbox print it')
}

/**
 * A case by its code, its ID or the ID of a transfer; codes are normalized to the gateway's form.
 */
export function caseName(text: string): string {
  const code = readCaseCode(text)
  if (code !== undefined) return code
  if (ID_PATTERN.test(text)) return text
  throw new InvalidArgumentError(
    'give a case code such as K7Q-4MD, or the ID of a case or transfer',
  )
}

/** An option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]
