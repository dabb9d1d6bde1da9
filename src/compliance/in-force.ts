/** Determines which register entries are in force on a given day. Pure. */
import { dateMs, dayOf, daysBetween } from './check.js'
import type { RegisterEntry } from './kinds.js'

/** Entries that were not ended, and whose last day is not past on the day of `at` (UTC). */
export const inForce = (
  entries: readonly RegisterEntry[],
  at: number,
): readonly RegisterEntry[] => {
  const today = dayOf(at)
  return entries.filter(
    ({ endedAt, until }) =>
      (endedAt === undefined || endedAt > at) && (until === undefined || until >= today),
  )
}

/** Entries that were not ended, whatever their last day. */
export const notEnded = (entries: readonly RegisterEntry[], at: number): readonly RegisterEntry[] =>
  entries.filter(({ endedAt }) => endedAt === undefined || endedAt > at)

export const textOf = (entry: Pick<RegisterEntry, 'data'>, field: string): string => {
  const value = entry.data[field]
  return typeof value === 'string' ? value : ''
}

export const isSet = (entry: RegisterEntry, field: string): boolean => entry.data[field] === true

export const listOf = (entry: RegisterEntry, field: string): readonly string[] => {
  const value = entry.data[field]
  return Array.isArray(value) ? (value as readonly string[]) : []
}

/** Whether a date field is past on the day of `at`. A missing date is never past. */
export const isOver = (entry: RegisterEntry, field: string, at: number): boolean => {
  const date = textOf(entry, field)
  return date !== '' && dateMs(date) < dateMs(dayOf(at))
}

/** Whether a policy for `cover` also covers `cite`: it covers itself and everything below it. */
export const covers = (cover: string, cite: string): boolean =>
  cite === cover || (cite.startsWith(cover) && cite[cover.length] === '(')

/** The policies in force that cover a citation. */
export const policiesFor = (
  policies: readonly RegisterEntry[],
  cite: string,
  at: number,
): readonly RegisterEntry[] =>
  inForce(policies, at).filter(
    (one) =>
      textOf(one, 'effective') <= dayOf(at) &&
      listOf(one, 'covers').some((cover) => covers(cover, cite)),
  )

/** The agreement of one of these types that is in force with `party`, if any. */
export const agreementOf = (
  agreements: readonly RegisterEntry[],
  party: string,
  at: number,
): RegisterEntry | undefined =>
  inForce(agreements, at).find((one) => one.subject === party && textOf(one, 'signed') <= dayOf(at))

/** What the holder of a device attests to, once a year. */
export const ATTESTED = ['diskEncryption', 'screenLock', 'supportedSystem'] as const
const ATTESTED_DAYS = 366

export const isStale = (device: RegisterEntry, at: number): boolean =>
  daysBetween(dateMs(textOf(device, 'attested')), at) > ATTESTED_DAYS

/** Whether its holder attested within a year that the device is encrypted, locks, gets updates. */
export const isAttested = (device: RegisterEntry, at: number): boolean =>
  ATTESTED.every((field) => isSet(device, field)) && !isStale(device, at)

/** Whether a vendor has not answered the due-diligence questions, or is overdue for review. */
export const isUnanswered = (vendor: RegisterEntry, at: number): boolean =>
  textOf(vendor, 'questions') === '' || isOver(vendor, 'review', at)
