/**
 * An operator is reminded this many days before the end; the smallest number already reached
 * counts.
 */
const REMINDERS = [1, 7, 14, 30, 60] as const

const DAY_MS = 86_400_000

/**
 * Describes an approaching end, such as `within 30 days`. Undefined earlier than 60 days before,
 * and after the end, which is a problem and no longer a warning.
 */
export function expiryWarning(expiresAt: Date | undefined, now: Date): string | undefined {
  if (expiresAt === undefined) return undefined
  const left = expiresAt.getTime() - now.getTime()
  if (left <= 0) return undefined
  const reminder = REMINDERS.find((days) => left <= days * DAY_MS)
  if (reminder === undefined) return undefined
  return reminder === 1 ? 'within a day' : `within ${reminder} days`
}
