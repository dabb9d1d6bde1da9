/**
 * What the ledger says about the keys or devices of an incident: for each reader and transfer, what
 * is known to have been viewed, and what was only possible.
 */
import { NocturneError } from '../../lib/errors.js'
import type { Ledger } from '../../ledger/log/index.js'
import { collectEvidence } from '../collect.js'
import type { TransferEvidence } from '../evidence.js'
import { readKeyHistory } from '../key-history.js'
import type { KeyPeriod } from '../key-history.js'
import { rowsOf, textOf } from '../rows.js'
import { readPresence } from './presence.js'
import type { Session } from './presence.js'

export interface IncidentScope {
  readonly readers: readonly string[]
  /** Fingerprints: the principals that the ledger names for them are readers of the incident. */
  readonly keys: readonly string[]
  /** Milliseconds since 1970; `from` is inclusive, `until` exclusive. */
  readonly from: number
  readonly until: number
}

/**
 * From most to least. `viewed`: a statement signed by the reader, or a report by them, shows that
 * it was opened. `fetched`: its sealed data was sent to the reader. `listed`: it was in a list that
 * the reader could open, without anything that identifies a patient. `openable`: it is sealed to
 * the reader's key, and nothing more is known.
 */
export const POSSIBILITIES = ['viewed', 'fetched', 'listed', 'openable'] as const
export type Possibility = (typeof POSSIBILITIES)[number]

export interface IncidentLine {
  readonly reader: string
  readonly facility: string
  readonly transfer: TransferEvidence
  readonly possibility: Possibility
  /** When it was first shown to have been opened, and the entry that shows it. */
  readonly viewed: { readonly at: string; readonly index: number } | undefined
}

export interface IncidentFacts {
  readonly scope: IncidentScope
  /** The readers of the scope and the holders of its keys. */
  readonly readers: readonly string[]
  readonly size: number
  readonly checkpoint: string
  readonly lines: readonly IncidentLine[]
  /** Of these readers. */
  readonly keys: readonly KeyPeriod[]
  /** Of these readers, overlapping the period. */
  readonly sessions: readonly Session[]
}

/** @throws NocturneError `report_too_large`, `not_found` when no reader is concerned */
export async function collectIncident(
  ledger: Ledger,
  scope: IncidentScope,
  site: {
    readonly facilities: readonly string[]
    readonly isMember: (reader: string, group: string) => boolean
  },
): Promise<IncidentFacts> {
  const checkpoint = await ledger.checkpoint()
  const size = Number(checkpoint.split('\n')[1])
  const allKeys = await readKeyHistory(ledger, size)
  const holders = allKeys.flatMap((one) =>
    scope.keys.includes(one.fingerprint) ? [one.principal] : [],
  )
  const readers = [...new Set([...scope.readers, ...holders])].sort()
  if (readers.length === 0) throw new NocturneError('not_found')
  const presence = await readPresence(ledger, size, readers, site.isMember)
  const reported = await reportsBy(ledger, size, readers)
  const { from, until } = scope
  const lines: IncidentLine[] = []
  for (const facility of site.facilities)
    for (const reader of readers) {
      const { transfers } = await collectEvidence(ledger, { facility, from, until, reader })
      for (const transfer of transfers) {
        const viewed =
          transfer.openedBy.find(({ by }) => by === reader) ??
          reported.get(`${reader} ${transfer.case ?? ''}`)
        const possibility = viewed
          ? 'viewed'
          : transfer.items.some(({ fetched }) => fetched.length > 0)
            ? 'fetched'
            : presence.couldList(reader, transfer.transfer, { from, until })
              ? 'listed'
              : 'openable'
        lines.push({
          ...{ reader, facility, transfer, possibility },
          viewed: viewed && { at: viewed.at, index: viewed.index },
        })
      }
    }
  return {
    ...{ scope, readers, size, checkpoint, lines },
    keys: allKeys.filter(({ principal }) => readers.includes(principal)),
    sessions: presence.sessions.filter((one) => one.from < until && one.until > from),
  }
}

/** The first report of each of these readers on a case, by reader and case. */
async function reportsBy(
  ledger: Ledger,
  end: number,
  readers: readonly string[],
): Promise<ReadonlyMap<string, { readonly at: string; readonly index: number }>> {
  const found = new Map<string, { readonly at: string; readonly index: number }>()
  for await (const { entry, index } of rowsOf(ledger, { types: ['report.sent'], end })) {
    const id = textOf(entry.detail?.case)
    const key = `${entry.actor.id} ${id ?? ''}`
    if (id !== undefined && readers.includes(entry.actor.id) && !found.has(key))
      found.set(key, { at: entry.time, index })
  }
  return found
}

/** One patient, with the most that is known or possible for them. */
export interface Individual {
  readonly facility: string
  readonly patient: string
  readonly possibility: Possibility
  readonly transfers: ReadonlySet<string>
}

/** The individuals concerned, as keyed handles, with documents that may be about them. */
export function individualsOf({ lines }: Pick<IncidentFacts, 'lines'>): readonly Individual[] {
  const found = new Map<string, Individual & { readonly transfers: Set<string> }>()
  for (const { facility, transfer, possibility } of lines)
    for (const patient of patientsOf(transfer)) {
      const key = `${facility} ${patient}`
      const known = found.get(key)
      const isMore =
        known === undefined ||
        POSSIBILITIES.indexOf(possibility) < POSSIBILITIES.indexOf(known.possibility)
      const transfers = known?.transfers ?? new Set()
      transfers.add(transfer.transfer)
      found.set(key, {
        ...{ facility, patient, transfers },
        possibility: isMore ? possibility : known.possibility,
      })
    }
  return [...found.values()]
}

const patientsOf = ({ items }: TransferEvidence): ReadonlySet<string> =>
  new Set(
    items.flatMap(({ patient, mayConcern }) => (patient === undefined ? mayConcern : [patient])),
  )

/** Number of transfers in each state, by reader. */
export const countLines = (
  { lines }: Pick<IncidentFacts, 'lines'>,
  reader: string,
): Readonly<Record<Possibility, number>> => {
  const counts = { viewed: 0, fetched: 0, listed: 0, openable: 0 }
  for (const line of lines) if (line.reader === reader) counts[line.possibility] += 1
  return counts
}
