/** The page's texts, for readers who have never seen a log. */
import { shapeOf } from '../../../ledger/browser.js'
import type { About, EntryJson } from '../../../ledger/browser.js'

const count = new Intl.NumberFormat('en')

export const number = (value: number): string => count.format(value)

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`

/** An instant from the log in readable form: `2026-03-01 22:14:07 UTC`. */
export const instant = (text: string): string =>
  text.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')

/** The request, as a sentence. */
export function questionOf({ query }: About): string {
  const { types, actor, facility, transfer, patient, outcome, duty, from, until, start } = query
  const time = (ms: number) => instant(new Date(ms).toISOString())
  const parts = [
    types && `of the types ${types.map(String).join(', ')}`,
    actor !== undefined && `caused by ${actor}`,
    facility !== undefined && `concerning the facility ${facility}`,
    transfer !== undefined && `concerning the transfer ${transfer}`,
    patient !== undefined && `concerning the patient with the handle ${patient}`,
    outcome !== undefined && `with the outcome ${outcomeOf(outcome)}`,
    duty !== undefined && `${duty} the duty hours of their group`,
    from !== undefined && `from ${time(from)}`,
    until !== undefined && `before ${time(until)}`,
    start !== undefined && `from number ${number(start)}`,
  ].filter((part) => typeof part === 'string')
  return parts.length === 0 ? 'Every event of the log.' : `Events ${parts.join(', ')}.`
}

const OUTCOMES: Readonly<Record<number, string>> = {
  0: 'success',
  4: 'minor failure',
  8: 'serious failure',
  12: 'major failure',
}

export const outcomeOf = (outcome: unknown): string =>
  typeof outcome === 'number' ? (OUTCOMES[outcome] ?? String(outcome)) : ''

export interface Row {
  readonly index: number
  readonly cells: readonly string[]
  readonly entry: EntryJson
  /** In lower case, for the search. */
  readonly text: string
}

export const COLUMNS = [
  'No.',
  'Time (UTC)',
  'Event',
  'Outcome',
  'Who',
  'From',
  'Facility',
  'Transfer',
  'Item',
  'Patient',
]

export function rowOf(index: number, entry: EntryJson): Row {
  const text = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const actor = (entry.actor ?? {}) as EntryJson
  const { time, type, outcome, facility, transfer, item, patient } = entry
  const cells = [
    number(index),
    text(time)
      .replace('T', ' ')
      .replace(/(\.\d+)?Z$/, ''),
    shapeOf(text(type)).title,
    outcomeOf(outcome),
    text(actor.id),
    text(actor.address),
    text(facility),
    text(transfer),
    text(item),
    text(patient),
  ]
  return {
    index,
    cells,
    entry,
    text: `${index} ${cells.join(' ')} ${JSON.stringify(entry)}`.toLowerCase(),
  }
}
