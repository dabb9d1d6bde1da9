/** What an officer asks of the ledger. Each request is itself recorded in it. */
import { caseView } from '../../../protocol/http/cases.js'
import { eventsAnswer, patientAnswer, questionsAnswer } from '../../../protocol/http/audit.js'
import type { EventAnswer, EventsAnswer, QuestionsAnswer } from '../../../protocol/http/audit.js'
import type { Session } from '../session/session.js'

/** Instants in RFC 3339; `until` is exclusive. */
export interface Range {
  readonly from?: string | undefined
  readonly until?: string | undefined
}

export type Subject =
  | { readonly kind: 'person'; readonly actor: string }
  /** A case ID, a case code, or the ID of one of its transfers. */
  | { readonly kind: 'case'; readonly case: string }
  | {
      readonly kind: 'patient'
      readonly facility: string
      readonly patientId: string
      readonly issuer: string
    }
  | { readonly kind: 'question'; readonly question: string }
  | { readonly kind: 'types'; readonly types: readonly string[] }
  | { readonly kind: 'facility'; readonly facility: string }

export interface Found {
  /** In the order of the log. */
  readonly events: readonly EventAnswer[]
  /** How many there are in all. */
  readonly count: number
  /** Size of the log to which the count refers. */
  readonly end: number
  /** More can be read than were. */
  readonly isCut: boolean
  readonly otherIssuers?: { readonly patients: number; readonly events: number } | undefined
}

/** Events per request; the API allows no more. */
const PAGE = 1_000
/** A case with more transfers than this is an exception; each one is a search of its own. */
const MOST_TRANSFERS = 50

/** @param most events, after which reading stops */
export async function findEvents(
  session: Session,
  subject: Subject,
  range: Range,
  most: number,
): Promise<Found> {
  if (subject.kind === 'case') return findCase(session, subject.case, range, most)
  if (subject.kind === 'patient') {
    const { facility, patientId, issuer } = subject
    const asked = { facility, patientId, issuer, limit: PAGE }
    return readPages(most, ({ start, end }) =>
      session.gateway.post(patientAnswer, '/v1/audit/patient', {
        ...asked,
        ...(start !== undefined && { start }),
        ...(end !== undefined && { end }),
      }),
    )
  }
  return readPages(most, (page) => eventsPage(session, { ...filterOf(subject), ...range, ...page }))
}

type Filter = Readonly<Record<string, string | number | undefined>>

function filterOf(subject: Exclude<Subject, { kind: 'case' | 'patient' }>): Filter {
  switch (subject.kind) {
    case 'person':
      return { actor: subject.actor }
    case 'question':
      return { question: subject.question }
    case 'types':
      return { type: subject.types.join(',') }
    case 'facility':
      return { facility: subject.facility }
  }
}

const eventsPage = ({ gateway }: Session, filter: Filter): Promise<EventsAnswer> =>
  gateway.get(eventsAnswer, `/v1/audit/events${queryOf({ limit: PAGE, ...filter })}`)

export function queryOf(filter: Filter): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filter))
    if (value !== undefined && value !== '') query.set(name, String(value))
  return query.size === 0 ? '' : `?${query.toString()}`
}

async function findCase(session: Session, id: string, range: Range, most: number): Promise<Found> {
  const { transfers } = await session.gateway.get(caseView, `/v1/cases/${encodeURIComponent(id)}`)
  const events = new Map<number, EventAnswer>()
  let [count, end] = [0, 0]
  let isCut = transfers.length > MOST_TRANSFERS
  for (const { id: transfer } of transfers.slice(0, MOST_TRANSFERS)) {
    const found = await readPages(most - events.size, (page) =>
      eventsPage(session, { transfer, ...range, ...page }),
    )
    for (const one of found.events) events.set(one.index, one)
    count += found.count
    end = Math.max(end, found.end)
    isCut ||= found.isCut
  }
  const inOrder = [...events.values()].toSorted((a, b) => a.index - b.index)
  return { events: inOrder, count, end, isCut }
}

interface Page {
  readonly start?: number
  readonly end?: number
}

/** All pages of one size of the log, so that they fit together while the log grows. */
async function readPages(most: number, ask: (page: Page) => Promise<EventsAnswer>): Promise<Found> {
  const first = await ask({})
  const { otherIssuers } = first as Partial<Pick<Found, 'otherIssuers'>>
  const events = [...first.events]
  const end = first.end ?? 0
  let next = first.next ?? undefined
  while (next !== undefined && events.length < most) {
    const page: EventsAnswer = await ask({ start: next, end })
    events.push(...page.events)
    next = page.next ?? undefined
  }
  const count = first.count ?? events.length
  return { events, count, end, isCut: next !== undefined, otherIssuers }
}

export const countQuestions = ({ gateway }: Session, range: Range): Promise<QuestionsAnswer> =>
  gateway.get(questionsAnswer, `/v1/audit/questions${queryOf({ ...range })}`)
