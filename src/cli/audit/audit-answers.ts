/** What the gateway answers to `nocturne audit`. Apart from the commands, so that zod is loaded by who needs it. */
import { z } from 'zod'

export { parseAnswer } from '../answers.js'

const text = z.string().max(1_000)
const count = z.int().min(0)

export const holdsAnswer = z.looseObject({
  holds: z.array(
    z.looseObject({
      id: text,
      since: text,
      by: text,
      facility: text.optional(),
      transfer: text.optional(),
      patient: text.optional(),
      actor: text.optional(),
      from: text.optional(),
      until: text.optional(),
    }),
  ),
})
export const holdAnswer = z.looseObject({ id: text })

export const planAnswer = z.looseObject({
  before: z.iso.datetime(),
  years: z.int(),
  entries: count,
  held: count,
  locked: z.looseObject({ entries: count, until: z.iso.datetime() }).optional(),
})

export const reviewAnswer = z.looseObject({
  reviewed: count,
  last: z.looseObject({ at: text, by: text, finding: text }).optional(),
  size: count,
  due: count,
  nextBy: text.optional(),
  isOverdue: z.boolean(),
})
export type ReviewAnswer = z.infer<typeof reviewAnswer>
