/** Events as CSV. Uses no Node modules. */
import { csvRecord } from '../../lib/csv.js'
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'

export const EVENT_COLUMNS = [
  'index',
  'time',
  'event',
  'outcome',
  'actor',
  'role',
  'method',
  'token',
  'address',
  'facility',
  'group',
  'transfer',
  'item',
  'patient',
  'related',
  'id',
  'detail',
] as const

/**
 * One event as a CSV record. Never fails: a member that is missing or has an unexpected type
 * becomes an empty field.
 */
export function eventRecord(index: number, entry: Readonly<Record<string, Json>>): string {
  const actor = isObject(entry.actor) ? entry.actor : {}
  const { time, type, outcome, facility, group, transfer, item, patient, related, id } = entry
  const detail = isObject(entry.detail) ? canonicalJson(entry.detail) : ''
  const who = [actor.id, actor.role, actor.method, actor.token, actor.address]
  const where = [facility, group, transfer, item, patient, related, id]
  return csvRecord([...[index, time, type, outcome, ...who, ...where].map(textOf), detail])
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json | undefined>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
