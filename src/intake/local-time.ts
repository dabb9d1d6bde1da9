/** The time on the wall where a site is. */
export interface LocalTime {
  /** 0 is Sunday. */
  readonly day: number
  /** Minutes after midnight. */
  readonly minute: number
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** @param timezone IANA name */
export function localTimeIn(timezone: string): (at: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    return {
      day: DAYS.indexOf(parts.get('weekday') ?? ''),
      minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    }
  }
}

/** Hours of every week; `until` exceeds 1,440 minutes when they end on the next day. */
export interface WeeklyHours {
  readonly days: readonly number[]
  readonly spans: readonly { readonly from: number; readonly until: number }[]
}

const DAY_MINUTES = 1_440

/** A span belongs to the day on which it begins. */
export function isWithin(hours: readonly WeeklyHours[], { day, minute }: LocalTime): boolean {
  const yesterday = (day + 6) % 7
  return hours.some(({ days, spans }) =>
    spans.some(
      ({ from, until }) =>
        (days.includes(day) && from <= minute && minute < until) ||
        (days.includes(yesterday) && minute + DAY_MINUTES < until),
    ),
  )
}

/** `Tue 14:05` */
export const localText = ({ day, minute }: LocalTime): string => {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${DAYS[day] ?? ''} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
