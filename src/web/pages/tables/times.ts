/** Times as a page shows them: in the browser's time zone, which is named beside them. */

const DATE_TIME = new Intl.DateTimeFormat('sv-SE', {
  dateStyle: 'short',
  timeStyle: 'medium',
})
const DATE_HOUR = new Intl.DateTimeFormat('sv-SE', {
  ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
  hour: '2-digit',
})

/** `2026-11-30 23:41:07`; text that is no instant is returned as it is. */
export function localTime(instant: string | number): string {
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? String(instant) : DATE_TIME.format(date)
}

/** `2026-11-30 23:00`: the hour that an instant is in. */
export const localHour = (instant: string): string => `${DATE_HOUR.format(new Date(instant))}:00`

const DAY_MS = 86_400_000

/** Local midnight at the beginning of a day, in RFC 3339; undefined without a day. */
export function startOfDay(day: string): string | undefined {
  const date = new Date(`${day}T00:00`)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** Local midnight at the end of a day. On the day of a clock change it has 23 or 25 hours. */
export function endOfDay(day: string): string | undefined {
  const date = new Date(`${day}T00:00`)
  if (Number.isNaN(date.getTime())) return undefined
  date.setDate(date.getDate() + 1)
  return date.toISOString()
}

/** The local day that was `days` before `now`: `2026-11-23`. */
export const dayBefore = (days: number, now: number): string =>
  DATE_TIME.format(new Date(now - days * DAY_MS)).slice(0, 10)
