/** What the ledger writes down of a question to it. */
import type { Directory } from '../directory/index.js'
import { UNLISTED } from '../ledger/export/index.js'
import type { EventQuery } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'
import { OWN_ACTORS } from '../lib/actors.js'

/**
 * Who was asked for may be anything that looks like an id: only ids that somebody has are written
 * down.
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
