/**
 * The gateway's answers about registers and assessments. Separate from the commands, so that zod is
 * loaded only when needed.
 */
import { z } from 'zod'

const text = z.string().max(2_000)
const id = z.string().max(64)

export const idAnswer = z.looseObject({ id })
export const idsAnswer = z.looseObject({ ids: z.array(id).max(1_000) })

export const registerAnswer = z.looseObject({
  entries: z
    .array(
      z.looseObject({
        id,
        subject: text,
        data: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])),
        until: text.optional(),
        createdAt: z.number(),
        createdBy: text,
        endedAt: z.number().optional(),
      }),
    )
    .max(100_000),
})

export const assessAnswer = z.looseObject({
  id,
  assessment: z.looseObject({
    at: text,
    profile: text,
    findings: z
      .array(
        z.looseObject({
          row: text,
          audit: text,
          cites: z.array(text),
          keyActivity: text,
          ra: text,
          state: text,
          isSatisfied: z.boolean(),
          reason: z.string().max(50_000),
          next: z.array(text),
        }),
      )
      .max(1_000),
  }),
})

export const assessmentsAnswer = z.looseObject({
  assessments: z.array(z.looseObject({ id, profile: text, madeAt: text, madeBy: text })).max(1_000),
})
