/** Reads the events of a group and of its readers, in one pass over the ledger. */
import type { EventType, Ledger, LedgerRow } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import { rowsOf, textOf } from '../rows.js'

export interface ProviderScope {
  readonly group: string
  /** Milliseconds since 1970; `from` is inclusive, `until` exclusive. */
  readonly from: number
  readonly until: number
}

/** What one reader did in the period. */
export interface Activity {
  readonly signIns: number
  readonly failedSignIns: number
  readonly refused: number
  readonly claims: number
  readonly downloads: number
  /** Outside the duty hours of the group. */
  readonly offDuty: number
  /** Of a transfer that the reader was not the last to claim. */
  readonly unclaimed: number
  /** Downloads that ended before everything was sent. */
  readonly incomplete: number
  readonly acknowledged: number
  readonly reports: number
}

/** The way of one transfer through the group: when, and the entries that show it. */
export interface TransferPath {
  readonly transfer: string
  readonly facility: string
  readonly available: Step
  claimed?: Step
  fetched?: Step
  acknowledged?: Step
}

export interface Step {
  readonly at: string
  readonly by: string
  /** Index of the entry. */
  readonly index: number
}

export interface GroupActivity {
  readonly readers: ReadonlyMap<string, Activity>
  /** Those that became available in the period. */
  readonly paths: readonly TransferPath[]
  readonly transfers: {
    readonly available: number
    readonly fetched: number
    readonly acknowledged: number
    readonly abandoned: number
  }
  readonly critical: Readonly<Record<'raised' | 'readBack' | 'missed', number>>
  readonly clockMissed: number
  readonly gates: Readonly<Record<string, number>>
}

const DAY_MS = 86_400_000
/** A claim made shortly before the period still counts for a download in it. */
const CLAIM_MS = 31 * DAY_MS
/** What memory can hold; a group with more is audited by quarters. */
const MOST_TRANSFERS = 200_000

export const READ: readonly EventType[] = [
  'transfer.available',
  'transfer.abandoned',
  'transfer.claimed',
  'transfer.released',
  'transfer.acknowledged',
  'download.begun',
  'download.ended',
  'report.sent',
  'signin.succeeded',
  'signin.failed',
  'signin.locked',
  'access.refused',
  'critical.raised',
  'critical.readback',
  'critical.missed',
  'clock.missed',
  'gate.applied',
]

type Counts = { -readonly [K in keyof Activity]: Activity[K] }

const nothing = (): Counts => ({
  ...{ signIns: 0, failedSignIns: 0, refused: 0, claims: 0, downloads: 0, offDuty: 0 },
  ...{ unclaimed: 0, incomplete: 0, acknowledged: 0, reports: 0 },
})

interface Seen {
  readonly scope: ProviderScope
  readonly readers: Map<string, Counts>
  readonly holders: Map<string, string>
  readonly paths: Map<string, TransferPath>
  readonly totals: Record<string, number>
  readonly gates: Record<string, number>
}

/** @throws NocturneError `report_too_large`, `database_unavailable`, `ledger_broken` */
export async function readActivity(
  ledger: Pick<Ledger, 'query'>,
  {
    end,
    members,
    ...scope
  }: ProviderScope & {
    readonly end: number
    readonly members: readonly string[]
  },
): Promise<GroupActivity> {
  const seen: Seen = {
    ...{ scope, holders: new Map(), paths: new Map(), totals: {}, gates: {} },
    readers: new Map(members.map((id) => [id, nothing()])),
  }
  const { from, until } = scope
  for await (const row of rowsOf(ledger, { types: READ, from: from - CLAIM_MS, until, end })) {
    take(seen, row)
    if (seen.paths.size > MOST_TRANSFERS) throw new NocturneError('report_too_large')
  }
  const paths = [...seen.paths.values()]
  const total = (name: string) => seen.totals[name] ?? 0
  return {
    ...{ readers: seen.readers, paths, gates: seen.gates },
    transfers: {
      available: paths.length,
      fetched: paths.filter(({ fetched }) => fetched !== undefined).length,
      acknowledged: paths.filter(({ acknowledged }) => acknowledged !== undefined).length,
      abandoned: total('transfer.abandoned'),
    },
    critical: {
      raised: total('critical.raised'),
      readBack: total('critical.readback'),
      missed: total('critical.missed'),
    },
    clockMissed: total('clock.missed'),
  }
}

function take(seen: Seen, row: LedgerRow): void {
  const { entry } = row
  const { type, actor, transfer = '', detail = {} } = entry
  const { group, from } = seen.scope
  const isOurs = entry.group === group
  const isInPeriod = Date.parse(entry.time) >= from
  const holder = textOf(detail.holder) ?? ''
  if (isOurs && type === 'transfer.claimed') seen.holders.set(transfer, holder)
  if (isOurs && type === 'transfer.released') seen.holders.delete(transfer)
  if (!isInPeriod) return
  if (isOurs) {
    seen.totals[type] = (seen.totals[type] ?? 0) + 1
    follow(seen.paths, row)
  }
  if (type === 'gate.applied' && isAbout(seen, textOf(detail.subject)))
    count(seen.gates, textOf(detail.verdict) ?? '')
  const who = type === 'transfer.claimed' ? holder : actor.id
  if (isOurs && actor.role === 'reader' && !seen.readers.has(who) && who !== '')
    seen.readers.set(who, nothing())
  const counts = seen.readers.get(who)
  if (!counts) return
  // Sign-ins and refusals name no group: those of a member count.
  if (type === 'signin.succeeded') counts.signIns += 1
  else if (type === 'signin.failed' || type === 'signin.locked') counts.failedSignIns += 1
  else if (type === 'access.refused') counts.refused += 1
  else if (isOurs) countOwn(counts, row, seen.holders.get(transfer) === who)
}

const count = (of: Record<string, number>, name: string): void => {
  of[name] = (of[name] ?? 0) + 1
}

const isAbout = ({ scope, readers }: Seen, subject = ''): boolean =>
  subject === scope.group || readers.has(subject)

function countOwn(counts: Counts, { entry }: LedgerRow, isHolder: boolean): void {
  switch (entry.type) {
    case 'transfer.claimed':
      counts.claims += 1
      break
    case 'transfer.acknowledged':
      counts.acknowledged += 1
      break
    case 'report.sent':
      counts.reports += 1
      break
    case 'download.begun':
      counts.downloads += 1
      if (entry.detail?.duty === 'outside') counts.offDuty += 1
      if (!isHolder) counts.unclaimed += 1
      break
    case 'download.ended':
      if (entry.outcome !== 0) counts.incomplete += 1
      break
  }
}

/** The first of each step counts. */
function follow(paths: Map<string, TransferPath>, { entry, index }: LedgerRow): void {
  const { type, transfer, time, actor, facility = '', detail = {} } = entry
  if (transfer === undefined) return
  const step = { at: time, by: actor.id, index }
  const path = paths.get(transfer)
  if (type === 'transfer.available' && !path)
    paths.set(transfer, { transfer, facility, available: step })
  if (!path) return
  if (type === 'transfer.claimed')
    path.claimed ??= { ...step, by: textOf(detail.holder) ?? actor.id }
  if (type === 'download.begun') path.fetched ??= step
  if (type === 'transfer.acknowledged') path.acknowledged ??= step
}
