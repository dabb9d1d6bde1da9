import type { Doubt } from './doubt.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** For the operator: what is wrong with the clock, and what to do about it. */
export interface ClockProblem {
  readonly problem: string
  readonly hint: string
}

export function clockProblem({ reason, shown, other }: Doubt): ClockProblem {
  const by = spanOf(Math.abs(shown - other))
  const is = {
    ahead: `is ${by} ahead of the last time on record`,
    behind: `is ${by} behind the last time on record`,
    database: `differs by ${by} from the clock of the database server`,
  }[reason]
  return {
    problem: `the clock shows ${new Date(shown).toISOString()}, which ${is}; nothing is removed under retention`,
    hint:
      reason === 'database'
        ? 'set both clocks, and keep them set with NTP'
        : 'set the clock; if it is right, run nocturne purge --confirm-clock --site DIR',
  }
}

function spanOf(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${String(Math.floor(ms / DAY_MS))} days`
  if (ms >= 2 * HOUR_MS) return `${String(Math.floor(ms / HOUR_MS))} hours`
  return `${String(Math.floor(ms / 60_000))} minutes`
}
