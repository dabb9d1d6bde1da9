/**
 * Entries that are not there, and what the log itself says of them. What was pruned is named by a
 * later entry, `ledger.pruned`, which is never pruned; anything else that is missing was taken out.
 * Without Node.
 */
import type { Json } from '../../lib/json.js'

/** From the first index up to, and without, the second. */
export type Range = readonly [from: number, until: number]

export const PRUNED = 'ledger.pruned'

/**
 * Six years, by days, with one leap day: no policy is shorter (45 CFR 164.316(b)(2)(i)), so an
 * event that says otherwise accounts for nothing.
 */
const SIX_YEARS_MS = (6 * 365 + 1) * 86_400_000
/** What clocks of several gateways may differ by. */
const SKEW_MS = 86_400_000
/** More holes than holds can leave: then each counts as missing. */
const MAX_RANGES = 100_000

type Entry = Readonly<Record<string, Json>>

interface Declared {
  readonly ranges: readonly Range[]
  readonly at: number
  /** The entries it took away were old enough, by the clock that the log went on with. */
  isDue: boolean
}

export interface Gaps {
  /** There is nothing from `from` up to `until`. In ascending order. */
  add(from: number, until: number): void
  /** An entry that is there; read only where it can matter. In ascending order. */
  see(index: number, read: () => Entry | undefined): void
  /**
   * What is known at the end of the log: the ranges that were pruned, and the first index that
   * should be there.
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

/** The ranges that an entry of the type `ledger.pruned` names. */
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

/** In order, and none touching the next. */
export function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: [number, number][] = []
  for (const [from, until] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], until)
    else merged.push([from, until])
  }
  return merged
}

/** The first index of the one that lies in none of the others; both merged. */
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
