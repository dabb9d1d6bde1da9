/** Query strings, parsed at the door: unknown names and repeated ones are refused, so that a typing error is seen. */
import type { Request } from 'express'
import { z } from 'zod'
import { EVENT_TYPES, QUESTIONS } from '../ledger/log/index.js'
import { FINDINGS } from '../ledger/reviews/index.js'
import { isPackageFormat } from '../ledger/export/index.js'
import type { EventQuery, EventType, Question } from '../ledger/log/index.js'
import type { ExportQuery, PackageFormat } from '../ledger/export/index.js'
import type { HoldScope } from '../ledger/retention/index.js'
import { NocturneError } from '../lib/errors.js'
import { ID_PATTERN } from '../lib/ids.js'

const LIMIT = z.coerce.number().int().min(1).max(1_000)
/** The ledger records what was asked for, so a filter takes nothing that could be a patient's name. */
const HANDLE = z.string().regex(/^[0-9a-f]{64}$/)
const PRINCIPAL = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
/** A date or an instant of RFC 3339, to milliseconds since 1970. */
const TIME = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((text) => Date.parse(text))

const PAGE = z.strictObject({
  start: z.string().regex(ID_PATTERN).optional(),
  limit: LIMIT.default(100),
})

const TRANSFER_PAGE = z.strictObject({
  ...PAGE.shape,
  transfer: z.string().regex(ID_PATTERN).optional(),
})

const QUARANTINE = z.strictObject({
  ...TRANSFER_PAGE.shape,
  all: z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false),
})

const isEventType = (name: string): name is EventType => Object.hasOwn(EVENT_TYPES, name)

const isQuestion = (name: string): name is Question => Object.hasOwn(QUESTIONS, name)

const EVENTS = z.strictObject({
  type: z
    .string()
    .transform((names) => names.split(','))
    .pipe(z.array(z.string().refine(isEventType)).max(50))
    .optional(),
  actor: PRINCIPAL.optional(),
  facility: PRINCIPAL.optional(),
  transfer: z.string().regex(ID_PATTERN).optional(),
  patient: HANDLE.optional(),
  outcome: z.coerce.number().int().optional(),
  from: TIME.optional(),
  until: TIME.optional(),
  start: z.coerce.number().int().min(0).optional(),
  limit: LIMIT.optional(),
  question: z.string().refine(isQuestion).optional(),
  end: z.coerce.number().int().min(0).optional(),
})

const EXPORT = z.strictObject({
  ...EVENTS.shape,
  format: z.string().refine(isPackageFormat).optional(),
})

/** @throws NocturneError `bad_request` */
export function pageOf(request: Request): { start: string | undefined; limit: number } {
  const { start, limit } = parse(PAGE, request)
  return { start, limit }
}

/** @throws NocturneError `bad_request` */
export function transferPageOf(request: Request) {
  const { start, limit, transfer } = parse(TRANSFER_PAGE, request)
  return { start, limit, transfer }
}

/** @throws NocturneError `bad_request` */
export function quarantinePageOf(request: Request) {
  const { start, limit, all, transfer } = parse(QUARANTINE, request)
  return { start, limit, all, transfer }
}

/** @throws NocturneError `bad_request` */
export function eventQueryOf(request: Request): EventQuery {
  return given(EVENTS, request)
}

/** The filters that are given, under their names in the ledger. */
function given<T extends { readonly type?: readonly EventType[] | undefined }>(
  schema: z.ZodType<T>,
  request: Request,
): EventQuery & { readonly format?: PackageFormat } {
  const { type: types, ...rest } = parse(schema, request)
  return Object.fromEntries(
    Object.entries({ types, ...rest }).filter(([, value]) => value !== undefined),
  )
}

/**
 * A question has no place in an export: nobody could verify it there. With a format it is a ZIP.
 *
 * @throws NocturneError `bad_request`
 */
export function exportQueryOf(request: Request): {
  readonly query: ExportQuery
  readonly format: PackageFormat | undefined
} {
  const { format, question, end, limit, ...query } = given(EXPORT, request)
  if (question !== undefined || end !== undefined || limit !== undefined)
    throw new NocturneError('bad_request')
  return { query, format }
}

/** Who is meant, in a body: an identifier never stands in an address. */
const PATIENT = z.strictObject({
  facility: PRINCIPAL,
  patientId: z.string().min(1).max(256),
  issuer: z.string().max(256).default(''),
  question: z.string().refine(isQuestion).optional(),
  start: z.int().min(0).optional(),
  end: z.int().min(0).optional(),
  limit: z.int().min(1).max(1_000).optional(),
})

/** @throws NocturneError `bad_request` */
export function patientQuestionOf(request: Request): z.output<typeof PATIENT> {
  return parseBody(PATIENT, request)
}

const HOLD = z.strictObject({
  facility: PRINCIPAL.optional(),
  transfer: z.string().regex(ID_PATTERN).optional(),
  patient: HANDLE.optional(),
  actor: PRINCIPAL.optional(),
  from: TIME.optional(),
  until: TIME.optional(),
})

const REVIEW = z.strictObject({ until: z.int().min(1), finding: z.enum(FINDINGS) })

/** @throws NocturneError `bad_request` */
export function holdOf(request: Request): HoldScope {
  const given = Object.entries(parseBody(HOLD, request))
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

/** @throws NocturneError `bad_request` */
export const reviewOf = (request: Request): z.output<typeof REVIEW> => parseBody(REVIEW, request)

function parseBody<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.body)
  // The cause would quote what was sent.
  if (!parsed.success) throw new NocturneError('bad_request')
  return parsed.data
}

/** A day and an instant are the same to a report as to a query. */
const REPORT = z.strictObject({
  facility: PRINCIPAL,
  from: TIME,
  until: TIME,
  /** A keyed handle; or the ID that the facility uses, which only a body may hold. */
  patient: HANDLE.optional(),
  patientId: z.string().min(1).max(256).optional(),
  issuer: z.string().max(256).default(''),
  reader: PRINCIPAL.optional(),
  transfer: z.string().regex(ID_PATTERN).optional(),
})

/** @throws NocturneError `bad_request` */
export function reportQuestionOf(request: Request): z.output<typeof REPORT> {
  const parsed = REPORT.safeParse(request.body)
  // The cause would quote what was sent.
  if (!parsed.success || parsed.data.from >= parsed.data.until)
    throw new NocturneError('bad_request')
  return parsed.data
}

function parse<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.query)
  if (!parsed.success) throw new NocturneError('bad_request', { cause: parsed.error })
  return parsed.data
}
