/**
 * What the ledger and the registers say about one reading group in one year. Nothing in it
 * identifies a patient.
 */
import type { RegisterEntry, RegisterKind } from '../../compliance/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import type { Figure } from '../../protocol/http/figures.js'
import { listOf, midnight, textOf } from '../entries.js'
import { readKeyHistory } from '../key-history.js'
import type { KeyPeriod } from '../key-history.js'
import { readActivity } from './activity.js'
import type { Activity, ProviderScope, TransferPath } from './activity.js'
import { sampleOf } from './sample.js'

export interface ProviderAction {
  readonly id: string
  readonly row: string
  readonly owner: string
  readonly due: string
  readonly text: string
  readonly doneAt: number | undefined
}

export interface ProviderSources {
  readonly ledger: Ledger
  readonly entries: () => Promise<Readonly<Record<RegisterKind, readonly RegisterEntry[]>>>
  readonly actions: () => Promise<readonly ProviderAction[]>
  readonly figures: (range: {
    readonly from: number
    readonly until: number
    readonly groups: readonly string[]
  }) => Promise<readonly Figure[]>
}

export interface ReaderFacts {
  readonly reader: string
  /** Whether the configuration names the reader in the group today. */
  readonly isMember: boolean
  /** Entries of the registers that were in force on some day of the year. */
  readonly privileges: readonly RegisterEntry[]
  readonly training: readonly RegisterEntry[]
  readonly devices: readonly RegisterEntry[]
  /** In effect on some day of the year. */
  readonly keys: readonly KeyPeriod[]
  readonly activity: Activity
}

export interface ProviderFacts {
  readonly scope: ProviderScope
  readonly size: number
  readonly checkpoint: string
  readonly agreements: readonly RegisterEntry[]
  readonly readers: readonly ReaderFacts[]
  readonly transfers: {
    readonly available: number
    readonly fetched: number
    readonly acknowledged: number
    readonly abandoned: number
  }
  readonly critical: Readonly<Record<'raised' | 'readBack' | 'missed', number>>
  readonly clockMissed: number
  /** Exceptions and refusals of the gates, by verdict. */
  readonly gates: Readonly<Record<string, number>>
  readonly turnaround: readonly Figure[]
  readonly incidents: readonly RegisterEntry[]
  readonly actions: readonly ProviderAction[]
  readonly sample: readonly TransferPath[]
}

/** @throws NocturneError `not_found` for a group that neither configuration nor ledger names */
export async function collectProvider(
  sources: ProviderSources,
  scope: ProviderScope,
  members: readonly string[] | undefined,
): Promise<ProviderFacts> {
  const { ledger } = sources
  const { group, from, until } = scope
  const checkpoint = await ledger.checkpoint()
  const [, size = '0', root = ''] = checkpoint.split('\n')
  const end = Number(size)
  const seen = await readActivity(ledger, { ...scope, end, members: members ?? [] })
  if (members === undefined && seen.paths.length === 0) throw new NocturneError('not_found')
  const [entries, actions, keys, turnaround] = await Promise.all([
    sources.entries(),
    sources.actions(),
    readKeyHistory(ledger, end),
    sources.figures({ from, until, groups: [group] }),
  ])
  const readers = [...seen.readers].sort(([a], [b]) => (a < b ? -1 : 1))
  const inYear = (kind: RegisterKind, subject: string) =>
    entries[kind].filter((one) => one.subject === subject && overlaps(one, scope))
  return {
    ...{ scope, size: end, checkpoint, turnaround },
    agreements: inYear('agreement', group),
    readers: readers.map(([reader, activity]) => ({
      ...{ reader, activity, isMember: members?.includes(reader) === true },
      privileges: inYear('privilege', reader),
      training: inYear('training', reader),
      devices: inYear('device', reader),
      keys: keys.filter((key) => key.principal === reader && isWithin(key, scope)),
    })),
    transfers: seen.transfers,
    critical: seen.critical,
    clockMissed: seen.clockMissed,
    gates: seen.gates,
    incidents: entries.incident.filter((one) => {
      const discovered = midnight(textOf(one, 'discovered'))
      const isInYear = discovered >= from && discovered < until && one.endedAt === undefined
      return isInYear && listOf(one, 'readers').some((reader) => seen.readers.has(reader))
    }),
    actions: actions.filter(({ owner, doneAt }) => doneAt === undefined && seen.readers.has(owner)),
    sample: sampleOf(seen.paths, root),
  }
}

/** Whether an entry was in force on a day of the period; from when, its own fields say. */
function overlaps(entry: RegisterEntry, { from, until }: ProviderScope): boolean {
  const begins = Math.min(
    entry.createdAt,
    ...['signed', 'completed', 'attested'].flatMap((field) => {
      const time = midnight(textOf(entry, field))
      return Number.isFinite(time) ? [time] : []
    }),
  )
  const lastDay = entry.until === undefined ? Infinity : Date.parse(`${entry.until}T24:00:00Z`)
  return begins < until && lastDay > from && (entry.endedAt ?? Infinity) > from
}

const isWithin = (key: KeyPeriod, { from, until }: ProviderScope): boolean =>
  Date.parse(key.from) < until && (key.until === undefined || Date.parse(key.until) > from)
