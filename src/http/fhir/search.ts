/**
 * Parses a search: its parameters from URL and body, the page, and patients given by the facility's
 * own ID.
 */
import type { Request } from 'express'
import { namespaces, splitAt, tokenOf } from '../../ledger/records/index.js'
import { NocturneError } from '../../lib/errors.js'
import type { SiteConfig } from '../../config/index.js'
import type { Officer } from '../../officer/index.js'

export type Pair = readonly [string, string]

export interface SearchPage {
  /** Records per page; 0 requests only the total. */
  readonly count: number
  readonly start: number
  /**
   * The size of the log when the first page was made: every page and its total refer to that size.
   */
  readonly end: number | undefined
}

const DEFAULT_COUNT = 100
const MAX_COUNT = 500
const NUMBER = /^(0|[1-9]\d{0,14})$/

/** Parameters that affect the answer and not what is searched for. */
const OF_THE_PAGE = ['_count', '_start', '_end', '_summary', '_total', '_format', '_sort'] as const
type PageName = (typeof OF_THE_PAGE)[number]

const isOfThePage = (name: string): name is PageName => OF_THE_PAGE.some((known) => known === name)

/**
 * Names and values from the URL and, for a POST, from the body.
 *
 * @throws NocturneError `search_invalid`
 */
export function pairsOf(request: Request): readonly Pair[] {
  const body: unknown = request.body
  if (request.method === 'POST' && (typeof body !== 'object' || body === null))
    throw new NocturneError('search_invalid', { subject: 'send application/x-www-form-urlencoded' })
  return [request.query, request.method === 'POST' ? body : {}].flatMap((parameters) =>
    Object.entries(parameters as Record<string, unknown>).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values]).map((value): Pair => [name, String(value)]),
    ),
  )
}

/**
 * Separates the page requested from the search filters.
 *
 * @throws NocturneError `search_invalid`
 */
export function splitPage(pairs: readonly Pair[]): { page: SearchPage; filters: readonly Pair[] } {
  const asked = new Map<PageName, string>()
  const filters: Pair[] = []
  for (const [name, value] of pairs) {
    if (!isOfThePage(name)) filters.push([name, value])
    else if (asked.has(name)) throw invalid(`${name}: give it only once`)
    else asked.set(name, value)
  }
  const number = (name: PageName, max: number): number | undefined => {
    const value = asked.get(name)
    if (value === undefined) return undefined
    if (!NUMBER.test(value) || Number(value) > max)
      throw invalid(`${name}: give a number up to ${max}`)
    return Number(value)
  }
  const oneOf = (name: PageName, ...allowed: readonly string[]): void => {
    const value = asked.get(name)
    if (value !== undefined && !allowed.includes(value))
      throw invalid(`${name}: ${allowed.join(' or ')}`)
  }
  oneOf('_summary', 'false', 'count')
  oneOf('_total', 'accurate', 'estimate', 'none')
  oneOf('_format', 'json', 'application/json', 'application/fhir+json')
  oneOf('_sort', 'date')
  const count = number('_count', MAX_COUNT) ?? DEFAULT_COUNT
  const page = {
    count: asked.get('_summary') === 'count' ? 0 : count,
    start: number('_start', Number.MAX_SAFE_INTEGER) ?? 0,
    end: number('_end', Number.MAX_SAFE_INTEGER),
  }
  return { page, filters }
}

const invalid = (subject: string) => new NocturneError('search_invalid', { subject })

export interface SearchRooms {
  readonly officer: Pick<Officer, 'findPatient' | 'admitSearch'>
  readonly site: { readonly config: Pick<SiteConfig, 'gateway' | 'facilities'> }
}

/**
 * Replaces the facility's own ID of a patient by the handles in the ledger. Accepted only in a
 * body, because URLs are logged in transit by machines outside our control.
 *
 * @throws NocturneError `search_invalid`, or `not_found` for an unknown facility.
 */
export async function withHandles(
  rooms: SearchRooms,
  filters: readonly Pair[],
  isFromBody: (pair: Pair) => boolean,
): Promise<readonly Pair[]> {
  const names = namespaces(rooms.site.config.gateway.name)
  const start = names.patientId('')
  const made: Pair[] = []
  for (const pair of filters) {
    const [name, value] = pair
    const tokens = splitAt(',', value).map(tokenOf)
    const asked = tokens.find((token) => token?.system?.startsWith(start))
    if (!asked?.system) {
      made.push(pair)
      continue
    }
    if (!/^patient[.:]identifier$/.test(name) || tokens.length > 1)
      throw invalid('patient.identifier: give one ID of one facility')
    if (!isFromBody(pair))
      throw invalid('send the ID that a facility uses in the body of POST /fhir/AuditEvent/_search')
    const [facility = '', issuer = ''] = asked.system.slice(start.length).split('/').map(decoded)
    const asking = { patientId: asked.code, issuer }
    const { handles } = await rooms.officer.findPatient(facility, asking)
    const system = names.patientHandle(facility)
    made.push([name, handles.map((handle) => `${system}|${handle}`).join(',')])
  }
  return made
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('patient.identifier: the issuer is not URL-encoded')
  }
}
