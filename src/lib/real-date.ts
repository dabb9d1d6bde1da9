/** `2026-02-29`, alone or at the start of an instant. */
const DAY = /^(\d{4})-(\d\d)-(\d\d)(?:$|T)/

/**
 * Whether an RFC 3339 date or instant names a day that exists. JavaScript's own parser silently
 * turns February 30 into March 2.
 */
export function isRealDate(text: string): boolean {
  const [, year, month, day] = DAY.exec(text) ?? []
  if (year === undefined || Number.isNaN(Date.parse(text))) return false
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}
