/** Who is on duty: a group's roster with its swaps, at one moment and in the coming days. */
import type { DutyHours, GroupConfig } from '../config/index.js'
import { isOnDuty, stretchesOf } from './hours.js'

/** The configured hours of one person. */
export interface RosterEntry {
  readonly person: string
  readonly as: 'reader' | 'backup'
  readonly hours: DutyHours
}

/** From `starts` until `ends`, `taker` takes over the duty of `giver`. */
export interface Swap {
  readonly giver: string
  readonly taker: string
  readonly starts: number
  readonly ends: number
}

export interface Roster {
  readonly timezone: string
  readonly entries: readonly RosterEntry[]
  /**
   * In the order in which they were agreed: a later swap applies to the result of the earlier ones.
   */
  readonly swaps: readonly Swap[]
}

/** The configured roster of a group with these swaps; undefined for a group without one. */
export function rosterWith(
  { timezone, duty }: Pick<GroupConfig, 'timezone' | 'duty'>,
  swaps: readonly Swap[],
): Roster | undefined {
  const entries = (duty?.roster ?? []).map(({ reader, backup, weekly, dates }): RosterEntry => ({
    person: reader ?? backup ?? '',
    as: reader === undefined ? 'backup' : 'reader',
    hours: { weekly, dates },
  }))
  return entries.length === 0 ? undefined : { timezone, entries, swaps }
}

export interface OnDuty {
  readonly readers: readonly string[]
  readonly backups: readonly string[]
}

export function onDuty({ timezone, entries, swaps }: Roster, at: number): OnDuty {
  const current = swaps.filter(({ starts, ends }) => starts <= at && at < ends)
  const now = entries.filter(({ hours }) => isOnDuty(hours, timezone, at))
  const of = (as: RosterEntry['as']): readonly string[] => {
    const people = now.filter((one) => one.as === as).map(({ person }) => swapped(person, current))
    return [...new Set(people)]
  }
  return { readers: of('reader'), backups: of('backup') }
}

const swapped = (person: string, swaps: readonly Swap[]): string =>
  swaps.reduce((who, { giver, taker }) => (who === giver ? taker : who), person)

export interface Shift extends OnDuty {
  /** Milliseconds since 1970; `until` is exclusive. */
  readonly from: number
  readonly until: number
}

/**
 * Who is on duty from `at` for this many days, as consecutive shifts without a change of people.
 */
export function shiftsFrom(roster: Roster, at: number, days: number): readonly Shift[] {
  const end = at + days * 86_400_000
  const changes = new Set([at, end])
  for (const { hours } of roster.entries)
    for (const { from, until } of stretchesOf(hours, roster.timezone, at, days + 1))
      changes.add(from).add(until)
  for (const { starts, ends } of roster.swaps) changes.add(starts).add(ends)
  const moments = [...changes].filter((one) => at <= one && one <= end).sort((a, b) => a - b)
  const shifts: Shift[] = []
  for (const [i, from] of moments.slice(0, -1).entries()) {
    const until = moments[i + 1] ?? end
    const next = { from, until, ...onDuty(roster, from) }
    const last = shifts.at(-1)
    if (last && isSame(last, next)) shifts.splice(-1, 1, { ...last, until })
    else shifts.push(next)
  }
  return shifts
}

const isSame = (a: OnDuty, b: OnDuty): boolean =>
  a.readers.join() === b.readers.join() && a.backups.join() === b.backups.join()
