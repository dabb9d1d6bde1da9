/**
 * The room that knows who is on duty.
 *
 * In:  a group's configured hours and roster, and swaps agreed between people.
 * Out: who reads and who backs them up at a given moment, the coming shifts, and whether a moment
 *      is within duty hours.
 * Always true: hours follow the group's local time through both changes of summer time; a swap is
 *      an event.
 * Trusts: the time zone data of this Node.js.
 */
export { dutyAt, endOfHours } from './hours.js'
export type { DutyMark } from './hours.js'
export { onDuty, rosterWith, shiftsFrom } from './roster.js'
export type { OnDuty, Roster, RosterEntry, Shift } from './roster.js'
export { recordSwap, swapsOf } from './swaps.js'
export type { NewSwap } from './swaps.js'
