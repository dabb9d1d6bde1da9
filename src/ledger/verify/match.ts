/** The filters of an export, parsed from its header and applied to an entry. */
import type { Json } from '../../lib/json.js'

const TEXTS = ['actor', 'facility', 'transfer', 'patient', 'duty'] as const
const NUMBERS = ['outcome', 'from', 'until', 'start'] as const

export type Filters = Partial<Record<(typeof TEXTS)[number], string>> &
  Partial<Record<(typeof NUMBERS)[number], number>> & { types?: readonly Json[] }

/**
 * Undefined for an unknown filter: a verifier that cannot apply it cannot confirm that the export
 * matches it.
 */
export function parseFilters(query: Json | undefined): Filters | undefined {
  if (typeof query !== 'object' || query === null || Array.isArray(query)) return undefined
  const filters: Filters = {}
  for (const [name, value] of Object.entries(query)) {
    const text = TEXTS.find((known) => known === name)
    const number = NUMBERS.find((known) => known === name)
    if (text && typeof value === 'string') filters[text] = value
    else if (number && typeof value === 'number') filters[number] = value
    else if (name === 'types' && Array.isArray(value)) filters.types = value
    else return undefined
  }
  return filters
}

/** Gives the same answer as the database for the same filters. */
export function matches(
  filters: Filters,
  index: number,
  entry: Readonly<Record<string, Json>>,
): boolean {
  const { types, outcome, from, until, start } = filters
  const { actor, facility, transfer, patient, detail, time } = entry
  const actorId =
    typeof actor === 'object' && actor !== null && 'id' in actor ? actor.id : undefined
  const duty =
    typeof detail === 'object' && detail !== null && 'duty' in detail ? detail.duty : undefined
  const at = typeof time === 'string' ? Date.parse(time) : NaN
  return (
    (types?.includes(entry.type ?? null) ?? true) &&
    (filters.actor ?? actorId) === actorId &&
    (filters.facility ?? facility) === facility &&
    (filters.transfer ?? transfer) === transfer &&
    (filters.patient ?? patient) === patient &&
    (filters.duty ?? duty) === duty &&
    (outcome ?? entry.outcome) === entry.outcome &&
    (from === undefined || at >= from) &&
    (until === undefined || at < until) &&
    (start === undefined || index >= start)
  )
}
