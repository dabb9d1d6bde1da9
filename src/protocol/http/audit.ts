/** The ledger, for officers: events, reports, reviews, legal holds, pruning. */
import * as z from 'zod/mini'
import { FINDINGS } from '../review-finding.js'
import { ACTOR_ROLES } from '../roles.js'
import { about, count, id, instant, principalId, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'
import { eventFilters, patientHandle, time } from './query.js'

const text = z.string().check(z.maxLength(1_000))

/**
 * What the officer found: nothing unusual, unusual events that were explained, or an incident that
 * is followed up elsewhere.
 */

const eventAnswer = z.looseObject({
  index: about('Index in the log, from 0.', count),
  entry: about(
    'The entry as it was hashed.',
    z.looseObject({
      v: z.optional(z.int()),
      id: z.optional(id),
      nonce: z.optional(
        about(
          'Random value, so that the content of an event cannot be guessed from its hash.',
          text,
        ),
      ),
      dcm: z.optional(about('DICOM EventID and EventTypeCode.', z.array(text))),
      gateway: z.optional(about('The gateway that recorded it.', text)),
      time: instant,
      type: text,
      outcome: about('DICOM EventOutcomeIndicator: 0, 4, 8 or 12.', z.int()),
      actor: z.looseObject({
        id: text,
        role: z.optional(word('Role', ...ACTOR_ROLES)),
        method: z.optional(word('How the actor was authenticated', 'token', 'signature', 'site')),
        token: z.optional(about('Public ID of the token.', text)),
        address: z.optional(about('Network address of the client.', text)),
      }),
      facility: z.optional(text),
      group: z.optional(text),
      transfer: z.optional(text),
      item: z.optional(about('Item of the transfer; 0 is the manifest.', z.int())),
      patient: z.optional(about('Keyed handle.', text)),
      related: z.optional(about('Id of the event that this one concludes.', text)),
      detail: z.optional(
        about('Counts, sizes, digests, fingerprints, codes.', z.record(z.string(), z.unknown())),
      ),
    }),
  ),
})

export type EventAnswer = z.infer<typeof eventAnswer>

export const eventsAnswer = z.looseObject({
  events: z.array(eventAnswer),
  next: z.nullish(about('`start` of the next page; absent on the last.', count)),
  count: z.optional(about('Total number of matches among the first `end` events.', count)),
  end: z.optional(about('Pass it as `end` to get further pages of the same log.', count)),
  checkpoint: z.optional(about('Signed head of the log (c2sp.org/tlog-checkpoint).', z.string())),
})

export type EventsAnswer = z.infer<typeof eventsAnswer>

export const questionsAnswer = z.looseObject({
  questions: z
    .array(
      z.looseObject({
        question: about('Pass it as `question` to get the events.', text),
        about: about('What it asks.', text),
        count: about('Events that answer it.', count),
      }),
    )
    .check(z.maxLength(100)),
  end: about('Size of the log that was searched.', count),
})
export type QuestionsAnswer = Named<z.infer<typeof questionsAnswer>>

export const patientAnswer = z.looseObject({
  ...eventsAnswer.shape,
  otherIssuers: z.optional(
    about(
      'When an issuer was given: what the ledger has about the same Patient ID under other issuers. It is not part of this answer, and may be about another person.',
      z.looseObject({ patients: count, events: count }),
    ),
  ),
})

const facilityPatient = {
  patientId: about(
    'The ID that the facility uses. It is sent in a body because addresses end up in logs.',
    z.string().check(z.minLength(1), z.maxLength(256)),
  ),
  issuer: z._default(
    about(
      'Issuer of Patient ID (0010,0021). Without it, the ID is found under every issuer.',
      z.string().check(z.maxLength(256)),
    ),
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

/** Reports accept days and instants in the same way as queries. */
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
  until: about('Every event before this index has been reviewed.', z.int().check(z.minimum(1))),
  finding: z.enum(FINDINGS),
})
export const reviewAnswer = z.looseObject({
  reviewed: about('Events before this index have been reviewed.', count),
  last: z.optional(z.looseObject({ at: text, by: text, finding: text })),
  size: about('Size of the log.', count),
  due: about('Events since then that call for a review: the answer to the question `due`.', count),
  nextBy: z.optional(about('When the next review is due at the latest.', text)),
  isOverdue: z.boolean(),
  receipt: z.optional(receipt),
})
export const anomaliesAnswer = z.looseObject({
  reviewed: about('Entries before this index have been reviewed.', count),
  end: about('Entries from this index on are for the next time.', count),
  anomalies: z.array(
    z.looseObject({
      rule: z.string(),
      subject: about('A principal, or the address of somebody unknown.', z.string()),
      reason: about('Why it was picked.', z.string()),
      count,
      entries: about('Indices of the first entries that show it, at most 20.', z.array(count)),
    }),
  ),
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

/** In days. */
const period = z.optional(z.number().check(z.nonnegative()))

export const retentionAnswer = z.looseObject({
  days: about(
    'The retention periods of the site; what has none is kept.',
    z.looseObject({ closed: period, quarantine: period, reports: period }),
  ),
  due: about(
    'What is past its period.',
    z
      .array(
        z.looseObject({
          stage: word('What', 'closed', 'quarantine', 'reports'),
          id: about('Of the case, or of the held item.', id),
          code: z.optional(about('The code of the case.', z.string().check(z.maxLength(20)))),
          facility: principalId,
          transfers: z.array(id).check(z.maxLength(10_000)),
          since: about('When the period began.', instant),
          blockedBy: z.optional(
            word('Why it is kept', 'hold', 'report', 'critical', 'arriving', 'open', 'clock'),
          ),
        }),
      )
      .check(z.maxLength(1_000)),
  ),
  handovers: z.optional(
    about(
      'Notes of hand-overs past the period of reports, if any.',
      z.looseObject({
        due: count,
        blockedBy: z.optional(word('Why they are kept', 'hold', 'clock')),
      }),
    ),
  ),
  more: about('There are more than are listed.', z.boolean()),
  clock: z.optional(
    about(
      'Why the clock of the gateway is not trusted; until it is, nothing is removed.',
      z.looseObject({
        problem: z.string().check(z.maxLength(400)),
        hint: z.string().check(z.maxLength(400)),
      }),
    ),
  ),
})
export type RetentionAnswer = Named<z.infer<typeof retentionAnswer>>

export const planAnswer = z.looseObject({
  before: about('Entries from before this moment are past their retention.', instant),
  years: z.int(),
  entries: about('Entries that would be pruned.', count),
  ranges: z.optional(
    about(
      'As ranges of indices: the first is included, the second is not.',
      z.array(z.tuple([count, count])),
    ),
  ),
  held: about('Entries that are old enough but are kept because of a legal hold.', count),
  locked: z.optional(
    about(
      'Entries whose bundle the bucket keeps locked until a later time.',
      z.looseObject({ entries: count, until: instant }),
    ),
  ),
  receipt: z.optional(receipt),
})
export type PlanAnswer = Named<z.infer<typeof planAnswer>>
