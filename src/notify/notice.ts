/**
 * The content of a notification. Never PHI: case code, facility, group, priority, times, and a link
 * that requires a sign-in.
 */

export const NOTICE_EVENTS = [
  'case.waiting',
  'case.approaching',
  'case.missed',
  'case.overridden',
  'report.received',
  'note.received',
  'critical.raised',
  'critical.compare',
  'critical.missed',
  'critical.closed',
  'channel.failing',
  'alert.raised',
  'notices.deferred',
] as const

export type NoticeEvent = (typeof NOTICE_EVENTS)[number]

export interface Notice {
  /** Identifies the notice: a person is never sent two with the same key. */
  readonly key: string
  readonly event: NoticeEvent
  /** The case code. */
  readonly code?: string
  readonly facility?: string
  readonly group?: string
  readonly priority?: string
  /** Of a critical result: minutes, hours or days. */
  readonly level?: string
  /** Starts at 1; an escalation without a reaction repeats. */
  readonly round?: number
  /** RFC 3339, UTC. */
  readonly at: string
  readonly dueAt?: string
  /** IANA name: the clock of those who are told. */
  readonly timezone?: string
  /** For an alert: what happened, what to do, and the principal, key or row concerned. */
  readonly alert?: string
  readonly next?: string
  readonly subject?: string
  /** Where a person can act. The code comes after a `#`, so that no server or proxy logs it. */
  readonly link?: string
  /** Of `notices.deferred`: the newest notices that it stands for, the oldest of them first. */
  readonly notices?: readonly DigestLine[]
  /** Of `notices.deferred`: how many it stands for. */
  readonly count?: number
}

export type DigestLine = Pick<Notice, 'event' | 'code' | 'facility' | 'priority' | 'at'>

/**
 * A notice that quiet hours must not delay: STAT, about a critical result, or an alert.
 */
export const isPressing = ({ event, priority }: Notice): boolean =>
  priority === 'stat' ||
  event.startsWith('critical.') ||
  event === 'alert.raised' ||
  event === 'channel.failing'

const TITLES: Readonly<Record<NoticeEvent, string>> = {
  'case.waiting': 'A case is waiting to be read',
  'case.approaching': 'A case is about to miss its target',
  'case.missed': 'A case has missed its target',
  'case.overridden': 'Your claim was taken over',
  'report.received': 'A report has arrived',
  'note.received': 'A note was written on a case',
  'critical.raised': 'Critical result: read it back now',
  'critical.compare': 'A read-back of a critical result must be compared',
  'critical.missed': 'A critical result was not read back in time',
  'critical.closed': 'A critical result was read back',
  'channel.failing': 'Notifications cannot be delivered on one channel',
  'alert.raised': 'Alert',
  'notices.deferred': 'Notifications from your quiet hours',
}

/** One line, used as a subject or as the title of a push message. */
export const titleOf = ({ event, code, priority, alert, count, round = 1 }: Notice): string =>
  [
    priority === 'stat' ? 'STAT: ' : '',
    TITLES[event],
    alert === undefined ? '' : `: ${alert}`,
    code === undefined ? '' : ` (${code})`,
    count === undefined ? '' : `: ${count}`,
    round > 1 ? `, reminder ${round - 1}` : '',
  ].join('')

export const textOf = (notice: Notice): string =>
  [
    titleOf(notice),
    '',
    ...lines(notice),
    '',
    `This message contains no patient data. Sign in to see ${endOf(notice)}.`,
  ].join('\n')

const endOf = ({ event }: Notice): string =>
  event === 'alert.raised' || event === 'notices.deferred' ? 'more' : 'the case'

const lines = (notice: Notice): readonly string[] => [
  ...(notice.subject === undefined ? [] : [`Concerns: ${notice.subject}`]),
  ...(notice.next === undefined ? [] : [`Do this: ${notice.next}`]),
  ...(notice.notices ?? []).map(digestLine),
  ...caseLines(notice),
]

const digestLine = ({ event, code, facility, priority, at }: DigestLine): string =>
  [at, TITLES[event], code, facility, priority].filter((part) => part !== undefined).join(', ')

/** `2026-11-30T02:30:00.000Z (29 Nov, 20:30, America/Chicago)`. */
function withLocal(time: string, timezone: string | undefined): string {
  if (timezone === undefined) return time
  const local = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: timezone, day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
    hourCycle: 'h23',
  })
  return `${time} (${local.format(new Date(time))}, ${timezone})`
}

const caseLines = ({
  facility,
  group,
  level,
  dueAt,
  at,
  link,
  timezone,
}: Notice): readonly string[] => [
  ...(facility === undefined ? [] : [`Facility: ${facility}`]),
  ...(group === undefined ? [] : [`Group: ${group}`]),
  ...(level === undefined ? [] : [`Level: ${level}`]),
  ...(dueAt === undefined ? [] : [`Due: ${withLocal(dueAt, timezone)}`]),
  `Sent: ${withLocal(at, timezone)}`,
  ...(link === undefined ? [] : [`Open: ${link}`]),
]
