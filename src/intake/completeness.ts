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

/** After the last announced instance: a modality may correct what it announced. */
const COUNTED_MS = 2_000

export interface ArrivalClock {
  readonly openedAt: number
  /** When the last instance was finished. */
  readonly lastAt: number
  /** Instances in progress. */
  readonly active: number
  /** Instances that arrived since it was opened here, without those that had been sent before. */
  readonly received: number
}

/**
 * Milliseconds until the study must be closed; 0 or less means now. A study that is receiving an
 * instance stays open, even past the cap.
 *
 * @param expected number of instances that were announced; when they are there, the study closes
 *   without waiting for the quiet time
 */
export function dueIn(
  clock: ArrivalClock,
  rule: CompletenessRule,
  now: number,
  expected?: number,
): number {
  const quiet = clock.active > 0 ? Infinity : clock.lastAt + rule.quietMs - now
  const isCounted = expected !== undefined && clock.received >= expected
  const counted = isCounted && clock.active === 0 ? clock.lastAt + COUNTED_MS - now : Infinity
  const cap = clock.openedAt + rule.capMs - now
  return clock.active > 0 && cap <= 0 ? Infinity : Math.min(quiet, counted, cap)
}
