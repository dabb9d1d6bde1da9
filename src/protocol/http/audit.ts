/** The ledger, for officers: events, reports, reviews, legal holds, pruning. */
import * as z from 'zod/mini'
import { about, count, id, instant, principalId, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'
import { eventFilters, patientHandle, time } from './query.js'

const text = z.string().check(z.maxLength(1_000))

/**
 * What the officer found: nothing odd, odd things that were explained, or an incident that is
 * followed up elsewhere.
 */
export const FINDINGS = ['nothing', 'explained', 'incident'] as const

const eventAnswer = z.looseObject({
  index: about('Place in the log, from 0.', count),
  entry: about(
    'The entry as it was hashed.',
    z.looseObject({
      v: z.optional(z.int()),
      id: z.optional(id),
      nonce: z.optional(about('Hides events of few possible contents behind their hash.', text)),
      dcm: z.optional(about('DICOM EventID and EventTypeCode.', z.array(text))),
      gateway: z.optional(about('The gateway that recorded it.', text)),
      time: instant,
      type: text,
      outcome: about('DICOM EventOutcomeIndicator: 0, 4, 8 or 12.', z.int()),
      actor: z.looseObject({
        id: text,
        role: z.optional(
          word(
            'Role',
            'sender',
            'reader',
            'officer',
            'operator',
            'recovery',
            'system',
            'anonymous',
          ),
        ),
        method: z.optional(word('How they showed who they are', 'token', 'signature', 'site')),
        token: z.optional(about('Public id of the token.', text)),
        address: z.optional(about('Network address of the client.', text)),
      }),
      facility: z.optional(text),
      group: z.optional(text),
      transfer: z.optional(text),
      item: z.optional(about('Item of the transfer; 0 is the manifest.', z.int())),
      patient: z.optional(about('Keyed handle.', text)),
      related: z.optional(about('Id of the event that this one ends.', text)),
      detail: z.optional(
        about('Counts, sizes, digests, fingerprints, codes.', z.record(z.string(), z.unknown())),
      ),
    }),
  ),
})

export const eventsAnswer = z.looseObject({
  events: z.array(eventAnswer),
  next: z.nullish(about('`start` of the next page; absent on the last.', count)),
  count: z.optional(about('How many match in all, among the first `end` events.', count)),
  end: z.optional(about('Give it as `end` for further pages of the same log.', count)),
  checkpoint: z.optional(about('Signed head of the log (c2sp.org/tlog-checkpoint).', z.string())),
})

const facilityPatient = {
  patientId: about(
    'The ID that the facility uses. It stands in a body because addresses end up in logs.',
    z.string().check(z.minLength(1), z.maxLength(256)),
  ),
  issuer: z._default(
    about('Issuer of Patient ID, where the facility uses one.', z.string().check(z.maxLength(256))),
    '',
  ),
}
const index = z.int().check(z.nonnegative())

export const patientRequest = z.strictObject({
  facility: principalId,
  ...facilityPatient,
  question: z.optional(z.string().check(z.maxLength(40))),
  start: z.optional(index),
  end: z.optional(index),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(1_000))),
})

/** A day and an instant are the same to a report as to a query. */
export const reportRequest = z.strictObject({
  facility: principalId,
  from: about('Date or instant, inclusive.', time),
  until: about('Date or instant, exclusive; after `from`.', time),
  patient: z.optional(patientHandle),
  ...facilityPatient,
  patientId: z.optional(facilityPatient.patientId),
  reader: z.optional(principalId),
  transfer: z.optional(id),
})

export const reviewRequest = z.strictObject({
  until: about('Everything before this index was reviewed.', z.int().check(z.minimum(1))),
  finding: z.enum(FINDINGS),
})
export const reviewAnswer = z.looseObject({
  reviewed: about('Events before this index were reviewed.', count),
  last: z.optional(z.looseObject({ at: text, by: text, finding: text })),
  size: about('Size of the log.', count),
  due: about('Events since that call for a look: what the question `due` answers.', count),
  nextBy: z.optional(about('When the next review must have been made.', text)),
  isOverdue: z.boolean(),
  receipt: z.optional(receipt),
})
export type ReviewAnswer = z.infer<typeof reviewAnswer>

export const holdRequest = z.strictObject(eventFilters)
const hold = z.looseObject({
  id: text,
  index: z.optional(count),
  since: text,
  by: text,
  facility: z.optional(text),
  transfer: z.optional(text),
  patient: z.optional(text),
  actor: z.optional(text),
  from: z.optional(text),
  until: z.optional(text),
})
export const holdsAnswer = z.looseObject({ holds: z.array(hold) })
export const holdAnswer = z.looseObject({ id: text, receipt: z.optional(receipt) })

export const planAnswer = z.looseObject({
  before: about('Entries from before this moment are past their retention.', instant),
  years: z.int(),
  entries: about('Entries that would be pruned.', count),
  ranges: z.optional(
    about(
      'As ranges of indices: from the first up to, and without, the second.',
      z.array(z.tuple([count, count])),
    ),
  ),
  held: about('Entries that are old enough and stay, because of a legal hold.', count),
  locked: z.optional(
    about(
      'Entries whose bundle the bucket keeps locked until then.',
      z.looseObject({ entries: count, until: instant }),
    ),
  ),
  receipt: z.optional(receipt),
})
export type PlanAnswer = Named<z.infer<typeof planAnswer>>
