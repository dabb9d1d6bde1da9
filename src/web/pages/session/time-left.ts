/** How much time a case has left, in words that are read at a glance. */
import type { CaseView } from '../../../protocol/http/cases.js'

export type Urgency = 'none' | 'calm' | 'soon' | 'late'

export interface TimeLeft {
  /** `12 min left`, `1 h 05 min over`, or `no target`. */
  readonly text: string
  readonly urgency: Urgency
  /** What the target is: `claim`, `preliminary` and so on. */
  readonly kind: string | undefined
}

/** Less than this is left: the row says so. */
const SOON_MS = 10 * 60_000

/** The earliest target that is not met. */
export function timeLeft({ targets }: Pick<CaseView, 'targets'>, now: number): TimeLeft {
  const [next] = targets
    .filter(({ metAt }) => metAt === undefined)
    .toSorted((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt))
  if (!next) return { text: 'no target', urgency: 'none', kind: undefined }
  const left = Date.parse(next.dueAt) - now
  const urgency = left < 0 ? 'late' : left < SOON_MS ? 'soon' : 'calm'
  return {
    text: `${duration(Math.abs(left))} ${left < 0 ? 'over' : 'left'}`,
    urgency,
    kind: next.kind,
  }
}

/** `45 s`, `12 min`, `1 h 05 min`, `2 d 03 h` */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `23:41` today, otherwise `29 Nov 23:41`; in the browser's time zone. */
export function clockTime(instant: string, now: number): string {
  const date = new Date(instant)
  const isToday = date.toDateString() === new Date(now).toDateString()
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  if (isToday) return time
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`
}

/** `Europe/Berlin` */
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone
