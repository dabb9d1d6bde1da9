/** Days before the end at which an operator is reminded; the nearest one that has come counts. */
const REMINDERS = [1, 7, 14, 30, 60] as const

const DAY_MS = 86_400_000

/**
 * What to say of something that ends soon, `within 30 days` for instance: from 60 days before,
 * undefined earlier than that and once it is over (then it is a problem, not a warning).
 */
export function expiryWarning(expiresAt: Date | undefined, now: Date): string | undefined {
  if (expiresAt === undefined) return undefined
  const left = expiresAt.getTime() - now.getTime()
  if (left <= 0) return undefined
  const reminder = REMINDERS.find((days) => left <= days * DAY_MS)
  if (reminder === undefined) return undefined
  return reminder === 1 ? 'within a day' : `within ${reminder} days`
}
