/**
 * Query parameters. Unknown and repeated names are refused, so that typing errors are noticed.
 */
import * as z from 'zod/mini'
import { about, id, principalId, sha256 } from '../words.js'
import { EXPORTED_QUESTIONS } from './exported-questions.js'

export const EXPORT_FORMATS = ['csv', 'ndjson', 'fhir', 'dicom'] as const

/** Digits only: neither an empty text nor `1e3`. */
export const number = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.pipe(
    z.string().check(z.regex(/^-?\d{1,15}$/)),
    z.pipe(
      z.transform((text: string) => Number(text)),
      z.int().check(z.minimum(least), z.maximum(most)),
    ),
  )
const limit = number(1, 1_000)

/** A date or an instant of RFC 3339, to milliseconds since 1970. */
export const time = z.pipe(
  z.union([z.iso.date(), z.iso.datetime({ offset: true })]),
  z.transform((text: string) => Date.parse(text)),
)

/**
 * The ledger records queries, so filters accept nothing that could be a patient's name.
 */
export const patientHandle = about('Keyed handle of a patient, as recorded in events.', sha256)

export const page = {
  start: z.optional(about('`next` of the previous page.', id)),
  limit: z._default(about('Entries per page, 1 to 1,000.', limit), 100),
}

export const pageQuery = z.strictObject(page)

export const crosswalkQuery = z.strictObject({
  ...page,
  transfer: z.optional(about('Only items of this transfer.', id)),
})

export const quarantineQuery = z.strictObject({
  ...crosswalkQuery.shape,
  all: z._default(
    about(
      '`true`: also items that were released or discarded.',
      z.pipe(
        z.enum(['true', 'false']),
        z.transform((text: 'true' | 'false') => text === 'true'),
      ),
    ),
    false,
  ),
})

/** Shared by the routes that filter by facility, person and time. */
export const eventFilters = {
  actor: z.optional(about('Id of the actor.', principalId)),
  facility: z.optional(principalId),
  transfer: z.optional(id),
  patient: z.optional(patientHandle),
  from: z.optional(about('Date or instant, inclusive.', time)),
  until: z.optional(about('Date or instant, exclusive.', time)),
}

const eventsShape = {
  type: z.optional(
    about(
      'Event types, separated by commas.',
      z.pipe(
        z.string().check(z.maxLength(2_000), z.regex(/^[a-z.]+(?:,[a-z.]+){0,49}$/)),
        z.transform((names: string) => names.split(',')),
      ),
    ),
  ),
  ...eventFilters,
  outcome: z.optional(
    about(
      'DICOM EventOutcomeIndicator: 0 success, 4 minor, 8 serious, 12 major failure.',
      number(0),
    ),
  ),
  start: z.optional(about('Index of the first event.', number(0))),
}

export const eventsQuery = z.strictObject({
  ...eventsShape,
  limit: z.optional(limit),
  question: z.optional(
    about('One of the questions that compliance asks.', z.string().check(z.maxLength(40))),
  ),
  end: z.optional(about('Size of the log to search: later events are ignored.', number(0))),
})

/** What the counts of all questions may be narrowed by. */
export const questionsQuery = z.strictObject({
  facility: eventFilters.facility,
  from: eventFilters.from,
  until: eventFilters.until,
})

export const exportQuery = z.strictObject({
  ...eventsShape,
  question: z.optional(
    about('In place of `type`: the events that answer it.', z.enum(EXPORTED_QUESTIONS)),
  ),
  format: z.optional(
    about(
      'When given: a ZIP with the events in that format, one proof for all of them, and a page that verifies it offline. Otherwise: lines of JSON with one proof each.',
      z.enum(EXPORT_FORMATS),
    ),
  ),
})
