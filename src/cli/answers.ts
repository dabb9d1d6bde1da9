/** What the gateway answers, checked as it comes in. Members that are not named here are kept for `--json`. */
import { z } from 'zod'
import { ID_PATTERN } from '../lib/ids.js'
import { CommandError } from './command-error.js'

const text = z.string().max(500)
const count = z.int().nonnegative()

export const transferId = z.string().regex(ID_PATTERN)

export const gatewayAnswer = z.looseObject({
  name: z.string().min(1).max(255),
  origin: text,
  version: text,
  certificate: z.string().max(100_000),
  /** Of the keys before, which signed what is still there. */
  formerCertificates: z
    .array(z.looseObject({ certificate: z.string().max(100_000), until: z.iso.datetime() }))
    .max(100)
    .default([]),
  ledgerKey: z.string().max(1000),
  limits: z.looseObject({
    requestItems: z.int().positive(),
    itemBytes: z.int().positive(),
    transferItems: z.int().positive(),
    transferBytes: z.int().positive(),
  }),
})
export type GatewayAnswer = z.infer<typeof gatewayAnswer>

/** Where in an item its fault is, and the rule that it breaks. */
export const whereAnswer = z.looseObject({
  rule: text,
  path: text.optional(),
  offset: count.optional(),
})

export const itemAnswer = z.looseObject({
  index: count,
  kind: text,
  outcome: z.enum(['accepted', 'quarantined', 'refused', 'duplicate']),
  code: text.optional(),
  hint: text.optional(),
  where: whereAnswer.optional(),
  /** Number of the part of this request that it came from, from 1; an archive yields several items. */
  part: count.optional(),
})
export type ItemAnswer = z.infer<typeof itemAnswer>

/** Of an upload, and of the problem document when nothing of it was accepted. */
export const uploadAnswer = z.looseObject({
  id: transferId.optional(),
  state: text.optional(),
  items: z.array(itemAnswer).max(1_000_000),
})
export type UploadAnswer = z.infer<typeof uploadAnswer>

export const stateAnswer = z.looseObject({ id: transferId, state: text })
export const sessionAnswer = z.looseObject({ principal: text })
export const receiptAnswer = z.looseObject({
  ...stateAnswer.shape,
  receipt: z.string().max(100_000),
})

export const transferAnswer = z.looseObject({
  id: transferId,
  facility: text,
  group: text,
  priority: text,
  state: text,
  createdAt: text,
  availableAt: text.nullish(),
  claimedBy: text.nullish(),
  claimedAt: text.nullish(),
  items: count,
  bytes: count,
})
export type TransferAnswer = z.infer<typeof transferAnswer>

export const inboxAnswer = z.looseObject({
  transfers: z.array(transferAnswer),
  /** Of the asker's own certificate: it expires, or another one waits. */
  warnings: z.array(text).max(10).default([]),
})

export const challengeAnswer = z.looseObject({
  challenge: z.string().min(1).max(10_000),
  expiresAt: text,
})
export const tokenAnswer = z.looseObject({
  token: z.string().regex(/^[\x21-\x7e]{1,1000}$/),
  expiresAt: text,
})

export const eventsAnswer = z.looseObject({
  events: z.array(
    z.looseObject({
      index: count,
      entry: z.looseObject({
        time: text,
        type: text,
        outcome: z.int(),
        actor: z.looseObject({ id: text }),
        facility: text.optional(),
        transfer: text.optional(),
        item: z.int().optional(),
      }),
    }),
  ),
  next: count.nullish(),
})

/** The answer as its type. @throws CommandError when it is something else. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new CommandError('the answer is not that of a gateway', {
    hint: 'check --gateway, and that this nocturne is as new as the gateway',
    code: 'gateway_unreachable',
    cause: parsed.error,
  })
}
