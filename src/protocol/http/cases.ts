/** Cases and claims. */
import * as z from 'zod/mini'
import { about, id } from '../words.js'
import { receipt } from './gateway.js'

const text = z.string().check(z.maxLength(500))

export const caseView = z.looseObject({
  id,
  code: about('Speakable, such as `K7Q-4MD`, and never used for another case.', text),
})

export const casesAnswer = z.looseObject({
  cases: z.array(caseView).check(z.maxLength(1_000_000)),
})

export const caseAnswer = z.looseObject({ case: caseView, receipt: z.optional(receipt) })

/** What a claim without proof is answered with, in the problem. */
export const challengeAnswer = z.looseObject({
  case: id,
  code: text,
  transfer: id,
  nonce: about('To be signed by the proof key of that transfer.', text),
})

export type ChallengeAnswer = z.infer<typeof challengeAnswer>

export const claimedAnswer = z.looseObject({
  case: z.looseObject({
    ...caseView.shape,
    claimedBy: text,
    claimUntil: text,
    transfers: z.array(z.looseObject({ id })).check(z.maxLength(10_000)),
  }),
  receipt: about(
    'Proof of the event (c2sp.org/tlog-proof).',
    z.string().check(z.maxLength(100_000)),
  ),
})
export type ClaimedAnswer = z.infer<typeof claimedAnswer>
