/** Parses the bodies and queries of the compliance routes. */
import type { Request } from 'express'
import { z } from 'zod'
import { SAYINGS } from '../compliance/index.js'
import { NocturneError } from '../lib/errors.js'
import { ID_PATTERN } from '../lib/ids.js'
import { ASSESSMENT_FORMATS } from '../officer/assessments.js'

const ROW = z.string().regex(/^[PSBN]-\d{2}$/)
const DAY = z.iso.date()
const PRINCIPAL = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
const DIGEST = z.string().regex(/^[0-9a-f]{64}$/)
const TEXT = z.string().min(1).max(10_000)

const ENTRIES = z.strictObject({
  entries: z
    .array(
      z.strictObject({
        fields: z.record(z.string().max(64), z.unknown()),
        replaces: z.string().regex(ID_PATTERN).optional(),
      }),
    )
    .min(1)
    .max(1_000),
})

const ASSESSMENT = z.strictObject({ profile: z.enum(['hipaa', 'proposed-2025']).default('hipaa') })

const EXPORT = z.strictObject({ format: z.enum(ASSESSMENT_FORMATS).default('json') })

const STATEMENT = z.strictObject({
  row: ROW,
  says: z.enum(SAYINGS),
  text: TEXT,
  attachments: z.array(DIGEST).max(50).default([]),
  until: DAY,
})

const ACTION = z.strictObject({ row: ROW, owner: PRINCIPAL, due: DAY, text: TEXT })

const DONE = z.strictObject({ evidence: TEXT })

const read = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const { success, data } = schema.safeParse(value ?? {})
  if (!success) throw new NocturneError('bad_request')
  return data
}

/** Each @throws NocturneError `bad_request` */
export const entriesOf = ({ body }: Request) =>
  read(ENTRIES, body).entries.map(({ fields, replaces }) => ({
    fields,
    ...(replaces !== undefined && { replaces }),
  }))
export const assessmentOf = ({ body }: Request) => read(ASSESSMENT, body)
export const exportOf = ({ query }: Request) => read(EXPORT, query)
export const statementOf = ({ body }: Request) => read(STATEMENT, body)
export const actionOf = ({ body }: Request) => read(ACTION, body)
export const doneOf = ({ body }: Request) => read(DONE, body)
