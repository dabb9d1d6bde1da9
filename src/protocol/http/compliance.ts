/**
 * Registers, assessments and the statements and plans of officers, as clients send and receive
 * them.
 */
import * as z from 'zod/mini'
import { about, count, id, instant, principalId, sha256 } from '../words.js'
import { receipt } from './gateway.js'

const row = about(
  'Row of the catalogue, such as `S-07`.',
  z.string().check(z.regex(/^[PSBN]-\d{2}$/)),
)
const day = z.iso.date()
const text = z.string().check(z.minLength(1), z.maxLength(10_000))

export const registerAnswer = z.looseObject({
  kind: z.string(),
  entries: z.array(
    z.looseObject({
      id,
      subject: about('The person or thing that the entry is about.', z.string()),
      data: about(
        "Values by the kind's field names.",
        z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])),
      ),
      until: z.optional(about('The last day on which the entry is valid.', z.string())),
      createdAt: about('Milliseconds since 1970.', count),
      createdBy: z.string(),
      endedAt: z.optional(about('Milliseconds since 1970.', count)),
    }),
  ),
})
export const entriesRequest = z.strictObject({
  entries: z
    .array(
      z.strictObject({
        fields: about(
          "Values by the kind's field names.",
          z.record(z.string().check(z.maxLength(64)), z.unknown()),
        ),
        replaces: z.optional(id),
      }),
    )
    .check(z.minLength(1), z.maxLength(1_000)),
})
export const idsAnswer = z.looseObject({ ids: z.array(id), receipt })
export const idAnswer = z.looseObject({ id, receipt })

export const assessmentRequest = z.strictObject({
  profile: z._default(z.enum(['hipaa', 'proposed-2025']), 'hipaa'),
})
const finding = z.looseObject({
  row,
  audit: z.string(),
  cites: z.array(z.string()),
  keyActivity: z.string(),
  state: z.string(),
  isSatisfied: z.boolean(),
  reason: z.string(),
  next: about('What to do, where it is not satisfied.', z.array(z.string())),
})
export const assessmentAnswer = z.looseObject({
  id,
  assessment: z.looseObject({
    at: instant,
    profile: z.string(),
    findings: about('Each row of the catalogue with its findings.', z.array(finding)),
  }),
  receipt,
})
export const assessmentsAnswer = z.looseObject({
  assessments: about(
    'Newest first, at most 100.',
    z.array(z.looseObject({ id, profile: z.string(), madeAt: instant, madeBy: z.string() })),
  ),
  actions: z.array(z.looseObject({})),
  statements: z.array(z.looseObject({})),
})

export const ASSESSMENT_FORMATS = ['json', 'pdf', 'csv', 'xlsx', 'oscal', 'pack'] as const
export const assessmentQuery = z.strictObject({
  format: z._default(z.enum(ASSESSMENT_FORMATS), 'json'),
})

export const SAYINGS = [
  'met',
  'not-met',
  'not-applicable',
  'alternative',
  'not-reasonable',
] as const
export const statementRequest = z.strictObject({
  row,
  says: about('The statement about the row.', z.enum(SAYINGS)),
  text,
  attachments: z._default(z.array(sha256).check(z.maxLength(50)), []),
  until: about('The statement is valid until this day.', day),
})
export const actionRequest = z.strictObject({ row, owner: principalId, due: day, text })
export const doneRequest = z.strictObject({ evidence: text })

export const incidentAnswer = z.looseObject({
  incident: z.string(),
  entry: about('ID of its entry in the register.', id),
  data: about('The fields of its entry.', z.record(z.string(), z.unknown())),
  deadlines: z.array(
    z.looseObject({
      cite: z.string(),
      what: z.string(),
      when: z.optional(z.string()),
      due: about('The last day.', day),
      state: z.enum(['running', 'overdue', 'done', 'not-needed']),
    }),
  ),
  facts: z.looseObject({
    readers: z.array(
      z.looseObject({
        id: z.string(),
        transfers: about(
          'Numbers of transfers: viewed, fetched, only listed, only openable.',
          z.looseObject({ viewed: count, fetched: count, listed: count, openable: count }),
        ),
      }),
    ),
    individuals: z.looseObject({
      ...{ total: count, viewed: count, fetched: count, listed: count, openable: count },
    }),
    viewed: about(
      'Each transfer that a statement or report signed by the reader shows to have been opened.',
      z.array(z.looseObject({ reader: z.string(), transfer: z.string() })),
    ),
  }),
  digests: about('What a decision names.', z.looseObject({ facts: sha256, factors: sha256 })),
})
export type IncidentAnswer = z.infer<typeof incidentAnswer>
