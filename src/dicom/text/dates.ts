/**
 * Shifts dates and times by one offset (PS3.15 E.3.6). Values that do not follow PS3.5 section 6.2
 * give undefined.
 */

const DAY = 86400

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

function parseDay(text: string): Day | undefined {
  const parts = /^(\d{4})(\.?)(\d{2})\2(\d{2})$/.exec(text)
  if (!parts) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[3]), Number(parts[4])]
  const date = utc({ year, month, day }, 0)
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year > 0
  return isReal ? { year, month, day } : undefined
}

/** Date.UTC maps years below 100 to 19xx. */
function utc({ year, month, day }: Day, seconds: number): Date {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCSeconds(seconds)
  return date
}

interface Time {
  readonly seconds: number
  /** How many of hour, minute and second are written. */
  readonly precision: 1 | 2 | 3
  /** Includes its point; empty if there is none. */
  readonly fraction: string
}

function parseTime(text: string): Time | undefined {
  const parts = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(\.\d{1,6})?)?)?$/.exec(text)
  if (!parts) return undefined
  const [hour, minute, second] = [Number(parts[1]), Number(parts[2] ?? 0), Number(parts[3] ?? 0)]
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const precision = parts[3] !== undefined ? 3 : parts[2] !== undefined ? 2 : 1
  return { seconds: hour * 3600 + minute * 60 + second, precision, fraction: parts[4] ?? '' }
}

const two = (value: number): string => String(value).padStart(2, '0')

function writeDay(date: Date): string | undefined {
  const year = date.getUTCFullYear()
  if (year < 1 || year > 9999) return undefined
  return `${String(year).padStart(4, '0')}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}`
}

const writeTime = (seconds: number, { precision, fraction }: Time): string =>
  [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .slice(0, precision)
    .map(two)
    .join('') + fraction

/**
 * Shifts a DA by `shiftSeconds`, together with its accompanying TM as one instant if there is one.
 * Without a TM the day counts from midnight, so a shift by whole days is exact.
 */
export function shiftDate(date: string, time: string, shiftSeconds: number): string | undefined {
  const day = parseDay(date)
  if (!day) return undefined
  return writeDay(utc(day, shiftSeconds + (parseTime(time)?.seconds ?? 0)))
}

/** Shifts a TM within the day. A shift by whole days leaves it unchanged, byte for byte. */
export function shiftTime(time: string, shiftSeconds: number): string | undefined {
  const parsed = parseTime(time)
  if (!parsed) return undefined
  if (shiftSeconds % DAY === 0) return time
  return writeTime((((parsed.seconds + shiftSeconds) % DAY) + DAY) % DAY, parsed)
}

/** Shifts a DT with at least day precision. Its UTC offset is kept, so intervals are preserved. */
export function shiftDateTime(text: string, shiftSeconds: number): string | undefined {
  const parts = /^(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?$/.exec(text)
  if (!parts) return undefined
  const [, date = '', clock, offset = ''] = parts
  const day = parseDay(date)
  if (!day) return undefined
  if (clock === undefined) {
    const moved = writeDay(utc(day, shiftSeconds))
    return moved && moved + offset
  }
  const time = parseTime(clock)
  if (!time) return undefined
  const moved = utc(day, time.seconds + shiftSeconds)
  const movedDay = writeDay(moved)
  if (movedDay === undefined) return undefined
  // A shift by whole days keeps the digits of a leap second.
  if (shiftSeconds % DAY === 0) {
    return `${writeDay(utc(day, shiftSeconds)) ?? ''}${clock}${offset}`
  }
  const seconds = moved.getUTCHours() * 3600 + moved.getUTCMinutes() * 60 + moved.getUTCSeconds()
  return movedDay + writeTime(seconds, time) + offset
}

const FORMS: Readonly<Record<string, (text: string) => boolean>> = {
  DA: (text) => parseDay(text) !== undefined,
  TM: (text) => parseTime(text) !== undefined,
  DT: (text) =>
    /^\d{4}(\d{2}){0,2}([+-]\d{4})?$/.test(text) || shiftDateTime(text, 0) !== undefined,
}

/** Whether all of `text` is a date or time in the format of this VR. Partial dates also count. */
export const isMoment = (text: string, vr: string): boolean => FORMS[vr]?.(text) ?? false

/** Timezone Offset From UTC (0008,0201). */
export const isTimezoneOffset = (text: string): boolean => /^[+-](0\d|1[0-4])[0-5]\d$/.test(text)
