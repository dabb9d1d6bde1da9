/** The metadata common to all reports. */
import type { Evidence } from './evidence.js'
import type { Page } from '../lib/pdf/document.js'

export interface ReportContext {
  readonly gateway: string
  /** The verifier key of the log. */
  readonly ledgerKey: string
  readonly askedBy: string
  /** RFC 3339. */
  readonly askedAt: string
  /** Index of the event that records this report. */
  readonly event: number
  readonly organisations: readonly Organisation[]
  /**
   * With a Patient ID under one issuer: the same ID under others, and the disclosures about them in
   * the period.
   */
  readonly elsewhere: { readonly patients: number; readonly disclosures: number } | undefined
  /** Whether the patient was given by the ID that the facility uses. */
  readonly isByPatientId: boolean
}

/** An entry of the register of organisations. */
export interface Organisation {
  /** Of a reader, a group or a facility. */
  readonly id: string
  readonly name: string
  readonly address: string
  readonly hasEnded: boolean
}

/**
 * The organisation of a reader: the reader's own entry in the register, otherwise the group's; an
 * entry in force, otherwise the last one.
 */
export function organisationOf(
  { organisations }: Pick<ReportContext, 'organisations'>,
  reader: string,
  group: string,
): Organisation | undefined {
  for (const id of [reader, group]) {
    const own = organisations.filter((one) => one.id === id)
    const found = own.findLast(({ hasEnded }) => !hasEnded) ?? own.at(-1)
    if (found) return found
  }
  return undefined
}

export const instant = (time: string | number): string =>
  new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')

/** Midnight is shown as a date only. */
export const periodOf = ({ scope }: Evidence): string =>
  `from ${instant(scope.from)} up to, but not including, ${instant(scope.until)}`.replaceAll(
    ' 00:00:00 UTC',
    '',
  )

/** `1 item`, `2 items`. */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n} ${n === 1 ? one : many}`

/** Enough of a handle or fingerprint to distinguish it on a page; the CSV has all of it. */
export const short = (hex: string | undefined): string =>
  hex === undefined ? '' : hex.length > 16 ? `${hex.slice(0, 14)}..` : hex

/** Computed one by one, as a table draws them. */
export function* mapped<T, U>(items: Iterable<T>, each: (item: T) => U): Generator<U> {
  for (const item of items) yield each(item)
}

/** More would not fit in a cell. */
const IN_A_CELL = 40

/** What a cell lists; the CSV has all of it. */
export const listed = (parts: readonly string[], separator: string): string =>
  parts.length <= IN_A_CELL
    ? parts.join(separator)
    : [...parts.slice(0, IN_A_CELL), `and ${parts.length - IN_A_CELL} more`].join(separator)

/** Ascending numbers, in short: `1-3`, `7`. */
export function runsOf(numbers: readonly number[]): readonly string[] {
  const runs: [number, number][] = []
  for (const one of numbers) {
    const last = runs.at(-1)
    if (last?.[1] === one - 1) last[1] = one
    else runs.push([one, one])
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
}

export function drawOrigin(page: Page, evidence: Evidence, context: ReportContext): void {
  const { gateway, ledgerKey, askedBy, askedAt, event } = context
  page.heading('Source')
  page.facts([
    ['Made for', `${askedBy}, ${instant(askedAt)}; this request is entry ${event} of the log`],
    ['Log', `${gateway}/audit, ${evidence.size} entries long`],
    ['Key of the log', ledgerKey],
    ['Checkpoint', evidence.checkpoint.trim().split('\n').slice(1, 3).join('  ')],
  ])
  page.paragraph(
    'This page is not signed. Its content is taken from the log, and each line names the entry that it is based on: "nocturne audit proof NUMBER" prints the signed proof of one entry, "nocturne audit export" those of many. A proof shows that the gateway recorded the entry at that place in its log, and that it has not been changed since. It does not show that the record is true; times are by the gateway\'s clock.',
  )
}
