/** The part of a query to the ledger that the ledger itself records. */
import type { Directory } from '../directory/index.js'
import type { EventQuery } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'
import { OWN_ACTORS } from '../lib/actors.js'

export interface RecordableParts {
  readonly directory: Pick<Directory, 'principal'>
  /** Recorded instead of an ID that does not exist. */
  readonly unlisted: string
}

/** An ID in a query may be any text that looks like one: only IDs that exist are recorded. */
export function recordable(
  query: EventQuery,
  { directory, unlisted }: RecordableParts,
): Readonly<Record<string, Json>> {
  const { actor, facility, types, ...rest } = query
  const isKnown = (id: string) => OWN_ACTORS.has(id) || directory.principal(id) !== undefined
  return {
    ...rest,
    ...(types && { types: [...types] }),
    ...(actor !== undefined && { actor: isKnown(actor) ? actor : unlisted }),
    ...(facility !== undefined && { facility: isKnown(facility) ? facility : unlisted }),
  }
}
