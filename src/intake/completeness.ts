/**
 * Decides when a study that arrives instance by instance is complete. Pure functions. All times are
 * milliseconds of one monotonic clock, because the wall clock may jump. After a restart they count
 * from zero again, so no study is closed early.
 */
export interface CompletenessRule {
  /** Close after this long without a new instance. */
  readonly quietMs: number
  /** Close after this long in any case. */
  readonly capMs: number
}

export interface ArrivalClock {
  readonly openedAt: number
  /** When the last instance was finished. */
  readonly lastAt: number
  /** Instances in progress. */
  readonly active: number
}

/**
 * Milliseconds until the study must be closed; 0 or less means now. A study that is receiving an
 * instance stays open, even past the cap.
 */
export function dueIn(clock: ArrivalClock, rule: CompletenessRule, now: number): number {
  const quiet = clock.active > 0 ? Infinity : clock.lastAt + rule.quietMs - now
  const cap = clock.openedAt + rule.capMs - now
  return clock.active > 0 && cap <= 0 ? Infinity : Math.min(quiet, cap)
}
