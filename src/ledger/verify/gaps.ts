/**
 * Missing entries, and what the log says about them. Pruned ranges are named by a later entry,
 * `ledger.pruned`, which itself is never pruned; anything else missing was removed illegitimately.
 * Uses no Node modules.
 */
import type { Json } from '../../lib/json.js'

/** First index, and index after the last. */
export type Range = readonly [from: number, until: number]

export const PRUNED = 'ledger.pruned'

/**
 * Six years, in days, with only one leap day. No policy may be shorter (45 CFR 164.316(b)(2)(i)),
 * so a `ledger.pruned` event that claims less accounts for no gap.
 */
const SIX_YEARS_MS = (6 * 365 + 1) * 86_400_000
/** Allowed difference between the clocks of several gateways. */
const SKEW_MS = 86_400_000
/** More gaps than holds can cause; beyond this number everything counts as missing. */
const MAX_RANGES = 100_000

type Entry = Readonly<Record<string, Json>>

interface Declared {
  readonly ranges: readonly Range[]
  readonly at: number
  /**
   * Whether the removed entries were old enough, according to the times of the entries that follow.
   */
  isDue: boolean
}

export interface Gaps {
  /** Reports that no entries exist from `from` up to `until`. Call in ascending order. */
  add(from: number, until: number): void
  /** Reports an existing entry. It is read only when it can matter. Call in ascending order. */
  see(index: number, read: () => Entry | undefined): void
  /**
   * The result at the end of the log: the pruned ranges, and the first index that is missing
   * without a valid reason.
   */
  end(): {
    readonly pruned: readonly Range[]
    readonly missing?: { readonly index: number; readonly isEarly: boolean }
  }
}

export function createGaps(): Gaps {
  const holes: [number, number][] = []
  const declared: Declared[] = []
  return {
    add: (from, until) => {
      const last = holes.at(-1)
      if (last?.[1] === from) last[1] = until
      else if (holes.length < MAX_RANGES) holes.push([from, until])
    },
    see: (index, read) => {
      if (holes.length === 0) return
      const entry = read()
      if (!entry) return
      const at = timeOf(entry.time)
      for (const one of declared) if (at < one.at - SKEW_MS) one.isDue = false
      if (entry.type === PRUNED) declared.push(declarationOf(entry, index, at))
    },
    end: () => {
      const early = merge(declared.flatMap(({ ranges }) => ranges))
      const due = merge(declared.flatMap(({ isDue, ranges }) => (isDue ? ranges : [])))
      const index = firstOutside(holes, due)
      if (holes.length < MAX_RANGES && index === undefined) return { pruned: holes }
      const at = index ?? holes[0]?.[0] ?? 0
      const isEarly = early.some(([from, until]) => from <= at && at < until)
      return { pruned: [], missing: { index: at, isEarly } }
    },
  }
}

/** The ranges named by a `ledger.pruned` entry. */
export function prunedBy(entry: { readonly detail?: unknown }, index: number): readonly Range[] {
  const { detail } = entry
  const ranges =
    typeof detail === 'object' && detail !== null && 'ranges' in detail ? detail.ranges : undefined
  if (!Array.isArray(ranges)) return []
  return ranges.filter((range): range is Range => isRange(range, index))
}

function declarationOf(entry: Entry, index: number, at: number): Declared {
  const { detail } = entry
  const before =
    typeof detail === 'object' && detail !== null && 'before' in detail ? detail.before : null
  return { ranges: prunedBy(entry, index), at, isDue: at - timeOf(before) >= SIX_YEARS_MS }
}

const timeOf = (time: Json | undefined): number =>
  typeof time === 'string' ? Date.parse(time) : NaN

function isRange(range: unknown, end: number): boolean {
  if (!Array.isArray(range) || range.length !== 2) return false
  const [from, until] = range as readonly unknown[]
  return (
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(until) &&
    Number(from) >= 0 &&
    Number(from) < Number(until) &&
    Number(until) <= end
  )
}

/** Sorts the ranges and merges those that overlap or touch. */
export function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: [number, number][] = []
  for (const [from, until] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], until)
    else merged.push([from, until])
  }
  return merged
}

/** The first index in `ranges` that is not covered by `others`; both must be merged. */
function firstOutside(ranges: readonly Range[], others: readonly Range[]): number | undefined {
  let i = 0
  for (const [from, until] of ranges) {
    while ((others[i]?.[1] ?? Infinity) <= from) i += 1
    const other = others[i]
    if (!other || other[0] > from) return from
    if (other[1] < until) return other[1]
  }
  return undefined
}
