/** Deadlines of incidents, and the log of small breaches, from entries of the register. */
import { deadlinesOf } from '../../compliance/index.js'
import { csvRecord } from '../../lib/csv.js'
import type { ShownEntry } from './compliance-source.js'

interface Next {
  readonly cite: string
  readonly due: string
  readonly state: string
}

/** Each incident with its first deadline that still runs; the nearest one first. */
export function nextDeadlines(
  entries: readonly ShownEntry[],
  at: number,
): readonly { readonly entry: ShownEntry; readonly next: Next | undefined }[] {
  return entries
    .map((entry) => {
      const running = deadlinesOf({ data: entry.data }, at)
        .filter(({ state }) => state === 'running' || state === 'overdue')
        .sort((a, b) => a.dueAt - b.dueAt)[0]
      const next = running && {
        ...{ cite: running.cite, state: running.state },
        due: new Date(running.dueAt).toISOString().slice(0, 10),
      }
      return { entry, next }
    })
    .sort((a, b) => (a.next?.due ?? '9').localeCompare(b.next?.due ?? '9'))
}

/** From this number of individuals on, a breach is reported at once, not in the log. */
const MANY = 500

/** 164.408(c). The columns are what the form of HHS asks for and the register knows. */
export function breachLog(
  entries: readonly ShownEntry[],
  year: number,
): { readonly text: string; readonly breaches: number } {
  const fieldOf = ({ data }: ShownEntry, name: string) => {
    const value = data[name]
    return typeof value === 'string' ? value : ''
  }
  const rows = entries
    .filter(
      (one) =>
        fieldOf(one, 'decision') === 'breach' &&
        fieldOf(one, 'discovered').startsWith(`${year}-`) &&
        Number(fieldOf(one, 'individuals') || '0') < MANY,
    )
    .map((one) => [
      ...[one.subject, fieldOf(one, 'individuals'), fieldOf(one, 'from'), fieldOf(one, 'until')],
      ...[fieldOf(one, 'discovered'), TYPES[fieldOf(one, 'kind')] ?? 'Other'],
      ...[LOCATIONS[fieldOf(one, 'kind')] ?? 'Other', fieldOf(one, 'notified')],
      ...[fieldOf(one, 'reported'), fieldOf(one, 'mitigation')],
    ])
  const head = [
    ...['Incident', 'Individuals affected', 'Breach start date', 'Breach end date'],
    ...['Discovery date', 'Type of breach', 'Location of breached information'],
    ...['Individuals notified on', 'Secretary notified on', 'Actions taken in response'],
  ]
  return { text: [head, ...rows].map(csvRecord).join(''), breaches: rows.length }
}

/** The words of HHS's form. */
const TYPES: Readonly<Record<string, string>> = {
  'lost-device': 'Theft',
  'lost-key': 'Loss',
  'wrong-recipient': 'Unauthorized Access/Disclosure',
  'unauthorised-access': 'Unauthorized Access/Disclosure',
  malware: 'Hacking/IT Incident',
}
const LOCATIONS: Readonly<Record<string, string>> = {
  'lost-device': 'Laptop',
  'lost-key': 'Other Portable Electronic Device',
  malware: 'Desktop Computer',
}
