/** What the ledger records of a question to it. */
import type { Directory } from '../directory/index.js'
import type { EventQuery } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'
import { OWN_ACTORS } from '../lib/actors.js'

export interface RecordableParts {
  readonly directory: Pick<Directory, 'principal'>
  /** Stands in the ledger for an id that nobody has. */
  readonly unlisted: string
}

/** An id in a question may be anything that looks like one: only ids that somebody has are kept. */
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
