/**
 * Validates what people write into a register: returns an entry's fields, or what is wrong with
 * them. Pure; the command uses it too.
 */
import { dayOf } from './check.js'
import { KIND_RULES } from './kinds.js'
import type { EntryData, Field, FieldValue, RegisterKind } from './kinds.js'

export type EntryReading =
  | {
      readonly ok: true
      readonly data: EntryData
      readonly subject: string
      readonly until: string | undefined
    }
  | {
      readonly ok: false
      /** Name of the field, or `(unknown)` for a field that the kind does not have. */
      readonly field: string
      readonly problem: string
    }

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,126}$/
const DATE = /^\d{4}-\d{2}-\d{2}$/
const CITE = /^(?:16[0-4])\.\d{3}(?:\([A-Za-z0-9]{1,5}\))*$/
const DIGEST = /^[0-9a-f]{64}$/
const MOST_TEXT = 500
const MOST_NOTE = 10_000
const MOST_LISTED = 2_000

/**
 * Takes fields as JSON values, or as text from a form, a file or a command line. Empty text means
 * no value.
 */
export function readEntry(
  kind: RegisterKind,
  given: Readonly<Record<string, unknown>>,
): EntryReading {
  const { fields, subject, until } = KIND_RULES[kind]
  if (Object.keys(given).some((name) => !Object.hasOwn(fields, name)))
    return {
      ok: false,
      field: '(unknown)',
      problem: `is not one of ${Object.keys(fields).join(', ')}`,
    }
  const data: Record<string, FieldValue> = {}
  for (const [name, field] of Object.entries(fields)) {
    const raw = given[name]
    if (raw === undefined || raw === null || raw === '') {
      if (field.isRequired === true) return { ok: false, field: name, problem: 'is missing' }
      continue
    }
    const value = readField(field, raw)
    if (value === undefined) return { ok: false, field: name, problem: expectationOf(field) }
    data[name] = value
  }
  const last = until === undefined ? undefined : data[until]
  return {
    ok: true,
    data,
    subject: String(data[subject]),
    until: typeof last === 'string' ? last : undefined,
  }
}

const TRUE = new Set(['yes', 'true', '1', 'on'])
const FALSE = new Set(['no', 'false', '0', 'off'])

function readField({ type, choices }: Field, raw: unknown): FieldValue | undefined {
  if (type === 'flag') {
    if (typeof raw === 'boolean') return raw
    const text = typeof raw === 'string' ? raw.toLowerCase() : ''
    return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined
  }
  if (type === 'ids' || type === 'cites') {
    const all = Array.isArray(raw)
      ? (raw as unknown[])
      : typeof raw === 'string'
        ? raw.split(',')
        : []
    const items = all.map((one) => (typeof one === 'string' ? one.trim() : ''))
    const form = type === 'ids' ? ID : CITE
    const isGood =
      items.length > 0 && items.length <= MOST_LISTED && items.every((i) => form.test(i))
    return isGood ? [...new Set(items)] : undefined
  }
  if (typeof raw !== 'string') return undefined
  const text = raw.trim()
  switch (type) {
    case 'id':
      return ID.test(text) ? text : undefined
    case 'text':
      return text.length <= MOST_TEXT && !/\p{Cc}/u.test(text) ? text : undefined
    case 'note':
      return isNote(text) ? text : undefined
    case 'date':
      return DATE.test(text) && isDay(text) ? text : undefined
    case 'digest':
      return DIGEST.test(text) ? text : undefined
    case 'choice':
      return choices?.includes(text) === true ? text : undefined
  }
}

/** Lines of text without other control characters. */
const isNote = (text: string): boolean =>
  text.length <= MOST_NOTE && text.isWellFormed() && !/[^\t\n\r\P{Cc}]/u.test(text)

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`)
  return Number.isFinite(time) && dayOf(time) === text
}

/** Describes what to enter in a field. */
export function expectationOf({ type, choices }: Field): string {
  switch (type) {
    case 'id':
      return 'is not an ID: letters, digits, and . _ : -'
    case 'ids':
      return 'is not a list of IDs separated by commas'
    case 'cites':
      return 'is not a list of citations such as 164.308(a)(5)'
    case 'text':
      return `is not one line of at most ${MOST_TEXT} characters`
    case 'note':
      return `is not text of at most ${MOST_NOTE} characters`
    case 'date':
      return 'is not a date such as 2026-07-01'
    case 'digest':
      return 'is not a SHA-256 of 64 hexadecimal digits, lower case'
    case 'flag':
      return 'is neither yes nor no'
    case 'choice':
      return `is not one of ${(choices ?? []).join(', ')}`
  }
}
