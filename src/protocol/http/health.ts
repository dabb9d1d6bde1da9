/** Alive, ready, and what is weaker than it should be. */
import * as z from 'zod/mini'
import { about, count, word } from '../words.js'
import type { Named } from '../words.js'

export const healthAnswer = z.looseObject({ status: z.literal('ok') })

const verdict = about(
  '`ok`, or the code of what is wrong.',
  z.string().check(z.meta({ examples: ['ok', 'store_unavailable'] })),
)

const sinkStatus = z.looseObject({
  id: z.string(),
  behind: about('Entries that the sink has not confirmed.', count),
  lagSeconds: about('Age of the oldest unconfirmed entry.', count),
  problem: z.optional(word('Why the last attempt failed', 'unreachable', 'refused', 'unconfirmed')),
})

export const readyAnswer = z.looseObject({
  ready: z.boolean(),
  checks: z.looseObject({
    database: verdict,
    store: verdict,
    ledger: verdict,
    certificates: about(
      'Groups with an expired certificate cannot be sent to; other groups can.',
      verdict,
    ),
  }),
  witnessed: z.optional(
    z.nullable(
      about(
        'The newest checkpoint that a majority of the witnesses cosigned; null when there is none yet. Absent without witnesses.',
        z.looseObject({ size: count, ageSeconds: count }),
      ),
    ),
  ),
  eventLoop: about(
    'How long work that was due had to wait since the last probe, in milliseconds: 99th percentile and longest.',
    z.looseObject({ p99Ms: count, maxMs: count }),
  ),
  sinks: z.optional(about('Absent without sinks.', z.array(sinkStatus))),
  warnings: about('What works but is weaker than it should be.', z.array(z.string())),
})
export type ReadyAnswer = Named<z.infer<typeof readyAnswer>>

export const openingAnswer = z.looseObject({
  ready: z.literal(false),
  waitsFor: z.nullable(
    about(
      'What the gateway is waiting for; null while it is starting.',
      z.looseObject({ code: z.string(), problem: z.string(), hint: z.string(), seconds: count }),
    ),
  ),
})
/** What is not ready: the gateway is starting, or its database, store or ledger fails. */
export const unreadyAnswer = z.union([readyAnswer, openingAnswer])
export type OpeningAnswer = Named<z.infer<typeof openingAnswer>>
