/**
 * When a study that arrives instance by instance is whole. Pure. All times are of one monotonic
 * clock, in milliseconds: the clock on the wall may jump, and after a restart everything counts
 * anew, so nothing is closed early.
 */
export interface CompletenessRule {
  /** Nothing has come for this long. */
  readonly quietMs: number
  /** It has been open for this long, quiet or not. */
  readonly capMs: number
}

export interface ArrivalClock {
  readonly openedAt: number
  /** When the last instance was done. */
  readonly lastAt: number
  /** Instances under way. */
  readonly active: number
}

/**
 * Milliseconds until the study is to be closed; 0 or less: now. One that is being received waits,
 * also for the cap.
 */
export function dueIn(clock: ArrivalClock, rule: CompletenessRule, now: number): number {
  const quiet = clock.active > 0 ? Infinity : clock.lastAt + rule.quietMs - now
  const cap = clock.openedAt + rule.capMs - now
  return clock.active > 0 && cap <= 0 ? Infinity : Math.min(quiet, cap)
}
