/**
 * The room of timekeeping: whether the clock can be trusted with what cannot be undone.
 *
 * In:  the clock, a steady clock that nobody sets, the last time on record, the clock of the
 *      database server, and the times that witnesses state.
 * Out: what speaks against the clock, if anything; the moment from which a retention period counts.
 * Always true: a clock far ahead of the last time on record, behind it, or at odds with the
 *      database server is not trusted before it agrees again, as much time has passed as is
 *      missing, a witness states the same time, or an operator confirms it.
 * Trusts: the operator; a majority of the witnesses.
 */
export { createTimekeeping } from './timekeeping.js'
export type { Timekeeping, TimekeepingParts } from './timekeeping.js'
export { clockProblem } from './problem.js'
export type { ClockProblem } from './problem.js'
export type { Doubt } from './doubt.js'
