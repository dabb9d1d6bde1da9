/**
 * Reminders of the dates in registers, plans and statements.
 *
 * In:  what has a date, and a function that notifies people.
 * Out: an event and notices at 60, 30, 14, 7 and 1 days before a date, and weekly after it.
 * Always true: each reminder is given once, however many gateways share the database.
 */
export type { DatedThings } from './due.js'
export { giveReminders } from './give.js'
export type { ReminderGroup } from './give.js'
export { personsOf, reminderText } from './texts.js'
