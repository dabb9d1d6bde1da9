/** What speaks against a clock. */

/**
 * `ahead`: of the last time on record, by more than a site is normally out of service. `behind` it.
 * `database`: it differs from the clock of the database server.
 */
export interface Doubt {
  readonly reason: 'ahead' | 'behind' | 'database'
  /** What the clock shows. */
  readonly shown: number
  /** What it was compared with. */
  readonly other: number
}

export interface Readings {
  readonly shown: number
  /** The latest time on record. */
  readonly mark: number
  /** What the clock must show by the steady clock, from the moment that it was last compared. */
  readonly expected: number
  /** How long it has run steadily since it came into doubt. */
  readonly tried: number
  readonly witnessed: number | undefined
  readonly database: number | undefined
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** A day out of service, and the hour of a change of summer time. */
const AHEAD_MS = 25 * HOUR_MS
/** A time service corrects less than this without anybody noticing. */
const BEHIND_MS = 10 * MINUTE_MS
const APART_MS = 10 * MINUTE_MS

/**
 * A gap closes by as much running time: a site that was closed for two days is trusted two days
 * later, and a clock that is years ahead never.
 */
export function doubtOf(readings: Readings): Doubt | undefined {
  const { shown, mark, expected, tried, witnessed, database } = readings
  if (database !== undefined && Math.abs(shown - database) > APART_MS)
    return { reason: 'database', shown, other: database }
  if (witnessed !== undefined && Math.abs(shown - witnessed) < HOUR_MS) return undefined
  const known = Math.max(mark, witnessed ?? mark)
  if (shown < known - BEHIND_MS) return { reason: 'behind', shown, other: known }
  if (shown - tried > Math.max(known, expected) + AHEAD_MS)
    return { reason: 'ahead', shown, other: known }
  return undefined
}
