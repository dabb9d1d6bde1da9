/**
 * What an officer should look at first in a review (164.308(a)(1)(ii)(D)): what is unusual since
 * the last one, each with the reason it was picked and the entries that show it.
 */
import type { EventType, Ledger, LedgerRow } from '../../ledger/log/index.js'
import { handlesIn } from '../../lib/ids.js'
import { PERSON_ROLES } from '../../protocol/roles.js'
import { rowsOf } from '../rows.js'
import { networkOf } from './network.js'

export interface Anomaly {
  readonly rule: 'leaver' | 'failures' | 'mass' | 'place' | 'searches' | 'off-duty' | 'dormant'
  /** A principal, or the address of somebody unknown. */
  readonly subject: string
  readonly reason: string
  readonly count: number
  /** Indices of the first entries that show it, at most 20. */
  readonly entries: readonly number[]
}

export interface ShownAnomalies {
  /** Entries before this index have been reviewed; those from `end` on are for the next time. */
  readonly reviewed: number
  readonly end: number
  readonly anomalies: readonly Anomaly[]
}

export interface AnomalySources {
  readonly ledger: Pick<Ledger, 'query'>
  /** Entries before this index have been reviewed. */
  readonly reviewed: number
  /** Size of the log: later entries are for the next review. */
  readonly end: number
  readonly now: number
  readonly people: readonly { readonly id: string; readonly role: string }[]
  /** Facilities, which act under their own ID. */
  readonly facilities: readonly string[]
}

const DAY_MS = 86_400_000
/** What a person usually does is taken from this time before the review, and so is dormancy. */
const USUAL_DAYS = 90
const MOST_ENTRIES = 20
const FAILURES = 5
const SEARCHES = 10
/** Below this, a busy night is no mass; without a history, this many are. */
const MASS = { least: 20, times: 3, withoutHistory: 60, historyDays: 5 } as const

const TYPES: readonly EventType[] = [
  'signin.succeeded',
  'signin.failed',
  'signin.locked',
  'access.refused',
  'download.begun',
  'ledger.read',
  'ledger.exported',
]
const REFUSED = new Set<EventType>(['signin.failed', 'signin.locked', 'access.refused'])
const OF_PEOPLE = new Set<string>(PERSON_ROLES)

/** By subject; entries of the time under review only. */
type Found = Map<string, number[]>

interface Seen {
  readonly failures: Found
  readonly leavers: Found
  readonly offDuty: Found
  readonly searched: Map<string, { readonly handles: Set<string>; readonly entries: number[] }>
  readonly networks: Map<string, Set<string>>
  readonly places: Map<string, { readonly network: string; readonly entries: number[] }>
  /** By reader and day: the transfers fetched, and the entries under review. */
  readonly days: Map<string, Map<string, { readonly transfers: Set<string>; entries: number[] }>>
  readonly active: Set<string>
  /** IDs of people and facilities that are in the configuration. */
  readonly configured: ReadonlySet<string>
  first: number | undefined
}

export async function findAnomalies(sources: AnomalySources): Promise<readonly Anomaly[]> {
  const { ledger, end, now, people, facilities } = sources
  const seen: Seen = {
    ...{ failures: new Map(), leavers: new Map(), offDuty: new Map(), searched: new Map() },
    ...{ networks: new Map(), places: new Map(), days: new Map(), active: new Set() },
    configured: new Set([...facilities, ...people.map(({ id }) => id)]),
    first: undefined,
  }
  const from = (await beginningOf(sources)) - USUAL_DAYS * DAY_MS
  for await (const row of rowsOf(ledger, { types: TYPES, from, end })) take(seen, row, sources)
  const found: Anomaly[] = [
    ...list('leaver', seen.leavers, () => 'acted, but is no longer in nocturne.yaml'),
    ...list('failures', seen.failures, (n) => `${n} failed sign-ins or refused requests`, FAILURES),
    ...massOf(seen),
    ...[...seen.places].map(([key, { network, entries }]) => ({
      ...{ rule: 'place' as const, subject: key.split(' ')[0] ?? '', count: entries.length },
      reason: `first use from ${network} within ${USUAL_DAYS} days`,
      entries: entries.slice(0, MOST_ENTRIES),
    })),
    ...[...seen.searched].flatMap(([subject, { handles, entries }]) =>
      handles.size < SEARCHES
        ? []
        : [anomaly('searches', subject, `searched for ${handles.size} patients`, entries)],
    ),
    ...list('off-duty', seen.offDuty, (n) => `${n} downloads outside duty hours`),
    ...dormantOf(seen, sources, now),
  ]
  return found
}

/** When the time under review begins. */
async function beginningOf({ ledger, reviewed, now }: AnomalySources): Promise<number> {
  const [first] = (await ledger.query({ start: reviewed, limit: 1 })).rows
  return first ? Date.parse(first.entry.time) : now
}

function take(seen: Seen, { index, entry }: LedgerRow, sources: AnomalySources): void {
  const { type, actor, time, outcome, transfer = '', detail } = entry
  const isNew = index >= sources.reviewed
  const at = Date.parse(time)
  seen.first ??= at
  const add = (to: Found, subject: string) => {
    if (!isNew) return
    const indices = to.get(subject) ?? []
    to.set(subject, indices)
    indices.push(index)
  }
  if (REFUSED.has(type)) {
    const isKnown = actor.role !== 'anonymous'
    add(seen.failures, isKnown ? actor.id : (actor.address ?? actor.id))
    return
  }
  if (outcome !== 0) return
  if (at >= sources.now - USUAL_DAYS * DAY_MS) seen.active.add(actor.id)
  if (OF_PEOPLE.has(actor.role) && !seen.configured.has(actor.id)) add(seen.leavers, actor.id)
  if (type === 'signin.succeeded' || type === 'download.begun')
    takePlace(seen, { who: actor.id, address: actor.address, index, isNew })
  if (type === 'download.begun') {
    if (detail?.duty === 'outside') add(seen.offDuty, actor.id)
    const days = seen.days.get(actor.id) ?? new Map<string, never>()
    seen.days.set(actor.id, days)
    const day = time.slice(0, 10)
    const one = days.get(day) ?? { transfers: new Set<string>(), entries: [] }
    days.set(day, one)
    one.transfers.add(transfer)
    if (isNew) one.entries.push(index)
  }
  if (isNew && actor.role === 'officer') takeSearch(seen, actor.id, index, handlesIn(detail))
}

function takePlace(
  seen: Seen,
  used: {
    readonly who: string
    readonly address: string | undefined
    readonly index: number
    readonly isNew: boolean
  },
): void {
  const { who, address, index, isNew } = used
  if (address === undefined) return
  const network = networkOf(address)
  const known = seen.networks.get(who) ?? new Set<string>()
  const place = seen.places.get(`${who} ${network}`)
  // The first network of all is no surprise.
  if (place) place.entries.push(index)
  else if (isNew && known.size > 0 && !known.has(network))
    seen.places.set(`${who} ${network}`, { network, entries: [index] })
  known.add(network)
  seen.networks.set(who, known)
}

function takeSearch(seen: Seen, who: string, index: number, handles: readonly string[]): void {
  if (handles.length === 0) return
  const one = seen.searched.get(who) ?? { handles: new Set<string>(), entries: [] }
  seen.searched.set(who, one)
  for (const handle of handles) one.handles.add(handle)
  one.entries.push(index)
}

const anomaly = (
  rule: Anomaly['rule'],
  subject: string,
  reason: string,
  entries: readonly number[],
): Anomaly => ({
  ...{ rule, subject, reason, count: entries.length, entries: entries.slice(0, MOST_ENTRIES) },
})

const list = (
  rule: Anomaly['rule'],
  found: Found,
  reason: (count: number) => string,
  least = 1,
): readonly Anomaly[] =>
  [...found].flatMap(([subject, entries]) =>
    entries.length < least ? [] : [anomaly(rule, subject, reason(entries.length), entries)],
  )

/** Days on which somebody fetched far more than on the median of their other days. */
function massOf({ days }: Seen): readonly Anomaly[] {
  return [...days].flatMap(([who, byDay]) =>
    [...byDay].flatMap(([day, { transfers, entries }]) => {
      const others = [...byDay]
        .filter(([other]) => other !== day)
        .map(([, one]) => one.transfers.size)
      const usual = others.toSorted((a, b) => a - b)[Math.floor(others.length / 2)] ?? 0
      const hasHistory = others.length >= MASS.historyDays
      const most = hasHistory
        ? Math.max(MASS.least, MASS.times * usual)
        : Math.max(MASS.withoutHistory, MASS.times * usual)
      if (entries.length === 0 || transfers.size <= most) return []
      const than = hasHistory ? `; on a usual day ${usual}` : '; no usual day is known yet'
      return [anomaly('mass', who, `${transfers.size} transfers fetched on ${day}${than}`, entries)]
    }),
  )
}

/** Only when the log is old enough to tell. */
function dormantOf(
  { active, first }: Seen,
  { people }: AnomalySources,
  now: number,
): readonly Anomaly[] {
  if (first === undefined || now - first < (USUAL_DAYS - 1) * DAY_MS) return []
  return people
    .filter(({ id, role }) => role !== 'sender' && !active.has(id))
    .map(({ id }) =>
      anomaly(
        'dormant',
        id,
        `has not used their access for ${USUAL_DAYS} days; should it stay?`,
        [],
      ),
    )
}
