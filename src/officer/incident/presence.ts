/**
 * When a reader could see which cases in a list: while signed in, as a member of the group, while
 * the case was open. Computed from a few events; lists are polled, so no event records each look.
 */
import type { EventType, Ledger, LedgerRow } from '../../ledger/log/index.js'
import { rowsOf, textOf } from '../rows.js'

/** Milliseconds since 1970; `until` is exclusive. */
export interface Span {
  readonly from: number
  readonly until: number
}

export interface Session extends Span {
  readonly reader: string
  /** Public ID of the token. */
  readonly token: string
  readonly method: 'signature' | 'issued'
  readonly address: string | undefined
  /** Index of the entry with which it began. */
  readonly index: number
}

export interface Presence {
  readonly sessions: readonly Session[]
  /** Whether the case of a transfer was in a list that the reader could open, within the span. */
  readonly couldList: (reader: string, transfer: string, within: Span) => boolean
}

interface Listing extends Span {
  readonly group: string
}

interface Member extends Span {
  readonly principal: string
  readonly group: string
}

const TYPES: readonly EventType[] = [
  'signin.succeeded',
  'token.issued',
  'token.revoked',
  'membership.confirmed',
  'membership.removed',
  'transfer.available',
  'case.opened',
  'case.joined',
  'case.closed',
  'case.recalled',
]
const ALWAYS: Span = { from: 0, until: Number.MAX_SAFE_INTEGER }

/**
 * @param isMember by the configuration: used for a group whose changes the ledger does not record
 */
export async function readPresence(
  ledger: Pick<Ledger, 'query'>,
  end: number,
  readers: readonly string[],
  isMember: (reader: string, group: string) => boolean,
): Promise<Presence> {
  const seen: Seen = { sessions: [], members: [], listings: new Map(), transfersOf: new Map() }
  const whose = new Set(readers)
  for await (const row of rowsOf(ledger, { types: TYPES, end })) take(seen, row, whose)
  const { sessions, members, listings } = seen
  const membershipsOf = (principal: string, group: string): readonly Span[] => {
    const known = members.filter((one) => one.principal === principal && one.group === group)
    return known.length > 0 ? known : isMember(principal, group) ? [ALWAYS] : []
  }
  return {
    sessions,
    couldList: (reader, transfer, within) =>
      (listings.get(transfer) ?? []).some((listing) =>
        membershipsOf(reader, listing.group).some((member) =>
          sessions.some(
            (session) => session.reader === reader && overlap(within, listing, member, session),
          ),
        ),
      ),
  }
}

/** What was read so far. */
interface Seen {
  readonly sessions: Session[]
  readonly members: Member[]
  /** By transfer. */
  readonly listings: Map<string, Listing[]>
  /** By case. */
  readonly transfersOf: Map<string, string[]>
}

function take(seen: Seen, row: LedgerRow, whose: ReadonlySet<string>): void {
  const { sessions, members, listings, transfersOf } = seen
  const { detail = {}, group = '', transfer, time, type } = row.entry
  const at = Date.parse(time)
  switch (type) {
    case 'signin.succeeded':
    case 'token.issued': {
      const session = sessionOf(row)
      if (whose.has(session.reader)) sessions.push(session)
      break
    }
    case 'token.revoked':
      endWhere(sessions, at, ({ token }) => token === textOf(detail.token))
      break
    case 'membership.confirmed':
      members.push({ principal: textOf(detail.principal) ?? '', group, ...ALWAYS, from: at })
      break
    case 'membership.removed':
      endWhere(members, at, (one) => one.group === group && one.principal === detail.principal)
      break
    case 'transfer.available':
      if (transfer !== undefined && !listings.has(transfer))
        listings.set(transfer, [{ ...ALWAYS, group, from: at }])
      break
    case 'case.opened':
    case 'case.joined': {
      if (transfer === undefined) break
      const id = textOf(detail.case) ?? ''
      transfersOf.set(id, [...(transfersOf.get(id) ?? []), transfer])
      listings.set(transfer, [...(listings.get(transfer) ?? []), { ...ALWAYS, group, from: at }])
      break
    }
    default:
      for (const one of transfersOf.get(textOf(detail.case) ?? '') ?? [])
        endWhere(listings.get(one) ?? [], at, () => true)
  }
}

function sessionOf({ entry, index }: LedgerRow): Session {
  const { actor, detail = {}, time, type } = entry
  const isIssued = type === 'token.issued'
  return {
    ...{ index, address: actor.address, method: isIssued ? 'issued' : 'signature' },
    reader: (isIssued ? textOf(detail.principal) : actor.id) ?? '',
    token: (isIssued ? textOf(detail.token) : actor.token) ?? '',
    ...{ from: Date.parse(time), until: Date.parse(textOf(detail.expiresAt) ?? '') },
  }
}

function endWhere<T extends Span>(spans: T[], at: number, is: (span: T) => boolean): void {
  for (const [i, span] of spans.entries())
    if (span.until > at && is(span)) spans[i] = { ...span, until: at }
}

const overlap = (...spans: readonly Span[]): boolean =>
  Math.max(...spans.map(({ from }) => from)) < Math.min(...spans.map(({ until }) => until))
