/** Parses the duty hours of a group's readers in nocturne.yaml. */

/**
 * Minutes after midnight at the start of a day; `until` exceeds 1,440 when the duty ends on the
 * next day.
 */
export interface DutySpan {
  readonly from: number
  readonly until: number
}

export interface WeeklyDuty {
  /** 0 is Sunday. */
  readonly days: readonly number[]
  readonly spans: readonly DutySpan[]
}

export interface DutyDate {
  /** `2026-12-25` */
  readonly date: string
  /**
   * Empty: nobody is on duty. Replaces the weekly hours that begin on this date.
   */
  readonly spans: readonly DutySpan[]
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const DAY_MINUTES = 1_440
/** Per day or date: more is a mistake. */
const MAX_SPANS = 24

/**
 * `mon-fri 18:00-08:00`, `sat,sun 00:00-24:00`, `daily 17:00-19:00,22:00-06:00`; undefined for
 * anything else.
 */
export function parseWeekly(text: string): WeeklyDuty | undefined {
  const [, dayText = '', spanText = ''] = /^([a-z,-]{3,60}) (\S{1,300})$/.exec(text) ?? []
  const days = parseDays(dayText)
  const spans = parseSpans(spanText)
  return days && spans && { days, spans }
}

/**
 * `2026-12-25 00:00-24:00`, `2026-07-04 off`; undefined for anything else, and for a date that does
 * not exist.
 */
export function parseDutyDate(text: string): DutyDate | undefined {
  const [, date = '', spanText = ''] = /^(\d{4}-\d\d-\d\d) (\S{1,300})$/.exec(text) ?? []
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(date)) return undefined
  const spans = spanText === 'off' ? [] : parseSpans(spanText)
  return spans && { date, spans }
}

function parseDays(text: string): readonly number[] | undefined {
  if (text === 'daily') return DAYS.map((_, day) => day)
  const days = new Set<number>()
  for (const part of text.split(',')) {
    const [first = '', last = first, ...rest] = part.split('-')
    const [from, until] = [DAYS.indexOf(first), DAYS.indexOf(last)]
    if (from < 0 || until < 0 || rest.length > 0) return undefined
    // `fri-mon` continues past the end of the week.
    for (let day = from; ; day = (day + 1) % DAYS.length) {
      days.add(day)
      if (day === until) break
    }
  }
  return [...days].sort((a, b) => a - b)
}

function parseSpans(text: string): readonly DutySpan[] | undefined {
  const parts = text.split(',')
  if (parts.length > MAX_SPANS) return undefined
  const spans: DutySpan[] = []
  for (const part of parts) {
    const matched = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/.exec(part)
    if (!matched) return undefined
    const [, fromHour, fromMinute, untilHour, untilMinute, lastHour] = matched
    const from = Number(fromHour) * 60 + Number(fromMinute)
    const end = Number(untilHour ?? lastHour) * 60 + Number(untilMinute ?? 0)
    spans.push({ from, until: end > from ? end : end + DAY_MINUTES })
  }
  return spans
}
