/** Compares what a reader will see of a file with the original: one row per element of either. */
import { keywordAt } from '../../dicom/dictionary/index.js'
import type { HeaderValues } from './header-values.js'

export type Mark = 'kept' | 'removed' | 'replaced' | 'added'

export interface DiffRow {
  readonly path: string
  /** Undefined for a tag that PS3.6 does not list. */
  readonly keyword: string | undefined
  readonly mark: Mark
  /** Undefined if the original does not have it. */
  readonly before: string | undefined
  /** Undefined if the output does not have it. */
  readonly after: string | undefined
}

/** An emptied element counts as removed: a reader sees nothing there. */
function markOf(before: string | undefined, after: string | undefined): Mark {
  if (before === undefined) return 'added'
  if (before === after) return 'kept'
  return after === undefined || after === '' ? 'removed' : 'replaced'
}

/**
 * In order of the tags, with an item's elements after their sequence. `cleaned` names elements
 * whose values are not compared here but were changed: blanked pixels.
 */
export function diffOf(
  before: HeaderValues,
  after: HeaderValues,
  cleaned: ReadonlySet<string>,
): DiffRow[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.map((path) => {
    const [old, now] = [before.get(path), after.get(path)]
    const isCleaned = cleaned.has(path) && old !== undefined && old === now
    return {
      path,
      keyword: keywordAt(path),
      mark: isCleaned ? 'replaced' : markOf(old, now),
      before: old,
      after: isCleaned ? `${now}, cleaned` : now,
    }
  })
}
