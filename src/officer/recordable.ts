/** The part of a query to the ledger that the ledger itself records. */
import type { Directory } from '../directory/index.js'
import { UNLISTED } from '../ledger/export/index.js'
import type { EventQuery } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'
import { OWN_ACTORS } from '../lib/actors.js'

/**
 * The principal in a query may be any text that looks like an ID: only IDs that exist are recorded.
 */
export function recordable(
  query: EventQuery,
  directory: Pick<Directory, 'principal'>,
): Readonly<Record<string, Json>> {
  const { actor, facility, types, ...rest } = query
  const isKnown = (id: string) => OWN_ACTORS.has(id) || directory.principal(id) !== undefined
  return {
    ...rest,
    ...(types && { types: [...types] }),
    ...(actor !== undefined && { actor: isKnown(actor) ? actor : UNLISTED }),
    ...(facility !== undefined && { facility: isKnown(facility) ? facility : UNLISTED }),
  }
}
