/**
 * Converts list and ledger queries, from query strings and bodies, to the arguments that the rooms
 * take.
 */
import type { Request } from 'express'
import type * as z from 'zod/mini'
import { EVENT_TYPES, filtersFor } from '../ledger/log/index.js'
import type { EventQuery, EventType, Question } from '../ledger/log/index.js'
import type { ExportQuery, PackageFormat } from '../ledger/export/index.js'
import type { HoldScope } from '../ledger/retention/index.js'
import { NocturneError } from '../lib/errors.js'
import {
  holdRequest,
  patientRequest,
  reportRequest,
  reviewRequest,
} from '../protocol/http/audit.js'
import {
  crosswalkQuery,
  eventsQuery,
  exportQuery,
  pageQuery,
  quarantineQuery,
  questionsQuery,
} from '../protocol/http/query.js'
import { parseBody, parseQuery } from './parse.js'

/** @throws NocturneError `bad_request` */
export function pageOf(request: Request): { start: string | undefined; limit: number } {
  const { start, limit } = parseQuery(pageQuery, request)
  return { start, limit }
}

/** @throws NocturneError `bad_request` */
export function transferPageOf(request: Request) {
  const { start, limit, transfer } = parseQuery(crosswalkQuery, request)
  return { start, limit, transfer }
}

/** @throws NocturneError `bad_request` */
export function quarantinePageOf(request: Request) {
  const { start, limit, all, transfer } = parseQuery(quarantineQuery, request)
  return { start, limit, all, transfer }
}

/** @throws NocturneError `bad_request` */
export function eventQueryOf(request: Request): EventQuery {
  const { type, question, ...rest } = parseQuery(eventsQuery, request)
  return defined({ types: typesOf(type), question: questionOf(question), ...rest })
}

/** @throws NocturneError `bad_request` */
export const questionsQueryOf = (
  request: Request,
): Pick<EventQuery, 'facility' | 'from' | 'until'> => defined(parseQuery(questionsQuery, request))

/**
 * With a format, the export is a ZIP.
 *
 * @throws NocturneError `bad_request`
 */
export function exportQueryOf(request: Request): {
  readonly query: ExportQuery
  readonly format: PackageFormat | undefined
} {
  const { type, question, format, ...rest } = parseQuery(exportQuery, request)
  if (type !== undefined && question !== undefined)
    throw new NocturneError('bad_request', { field: 'question' })
  const asked = question === undefined ? { types: typesOf(type) } : filtersFor(question)
  return { query: defined({ ...asked, ...rest }), format }
}

/** @throws NocturneError `bad_request` */
export function patientQuestionOf(request: Request) {
  const { question, ...rest } = parseBody(patientRequest, request)
  return { ...rest, question: questionOf(question) }
}

/** @throws NocturneError `bad_request` */
export const holdOf = (request: Request): HoldScope => defined(parseBody(holdRequest, request))

/** @throws NocturneError `bad_request` */
export const reviewOf = (request: Request): z.output<typeof reviewRequest> =>
  parseBody(reviewRequest, request)

/** @throws NocturneError `bad_request` */
export function reportQuestionOf(request: Request): z.output<typeof reportRequest> {
  const question = parseBody(reportRequest, request)
  if (question.from >= question.until) throw new NocturneError('bad_request', { field: 'until' })
  return question
}

const isEventType = (name: string): name is EventType => Object.hasOwn(EVENT_TYPES, name)

function typesOf(names: readonly string[] | undefined): readonly EventType[] | undefined {
  const types = names?.filter(isEventType)
  if (types?.length !== names?.length) throw new NocturneError('bad_request', { field: 'type' })
  return types
}

const isQuestion = (name: string): name is Question => filtersFor(name) !== undefined

function questionOf(name: string | undefined): Question | undefined {
  if (name === undefined || isQuestion(name)) return name
  throw new NocturneError('bad_request', { field: 'question' })
}

/** Removes the members that are undefined. */
const defined = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
