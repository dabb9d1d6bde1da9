/** Days before the end at which an operator is reminded; the nearest one that has come counts. */
const REMINDERS = [1, 7, 14, 30, 60] as const

const DAY_MS = 86_400_000

/**
 * What to say of something that ends soon: `{ days, reminder }` from 60 days before, undefined earlier than that
 * and once it is over (then it is a problem, not a warning).
 */
export function expiryWarning(
  expiresAt: Date | undefined,
  now: Date,
): { readonly days: number; readonly reminder: (typeof REMINDERS)[number] } | undefined {
  if (expiresAt === undefined) return undefined
  const left = expiresAt.getTime() - now.getTime()
  if (left <= 0) return undefined
  const reminder = REMINDERS.find((days) => left <= days * DAY_MS)
  return reminder === undefined ? undefined : { days: Math.floor(left / DAY_MS), reminder }
}
