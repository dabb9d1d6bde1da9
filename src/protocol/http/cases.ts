/** Cases and claims. */
import * as z from 'zod/mini'
import type { Named } from '../words.js'
import { PRIOR_STATES, about, count, id, instant, word } from '../words.js'
import { receipt } from './gateway.js'
import { problem } from './problem.js'

const text = z.string().check(z.maxLength(500))
const code = about('Speakable, such as `K7Q-4MD`, and never used for another case.', text)

export const caseView = z.looseObject({
  id,
  code,
  facility: text,
  group: about('Reading group.', text),
  priority: word('Priority', 'routine', 'urgent', 'stat'),
  state: about('State of the case.', text),
  modality: z.optional(text),
  createdAt: z.optional(instant),
  waitingSince: z.optional(instant),
  claimedBy: z.optional(text),
  claimedAt: z.optional(instant),
  claimUntil: z.optional(about('The claim expires then unless it is renewed.', instant)),
  report: z.optional(word('Status of the newest report', 'preliminary', 'final')),
  reportedBy: z.optional(text),
  reportedAt: z.optional(instant),
  closedAt: z.optional(instant),
  closedFor: z.optional(text),
  part: z.optional(
    about(
      'Of a part that is shared by body region: the whole case, and what the part is about.',
      z.looseObject({
        of: about('ID of the whole case.', id),
        code: about('Code of the whole case.', text),
        region: about('Body region.', text),
        to: z.optional(about('Reader to whom it was given.', text)),
      }),
    ),
  ),
  parts: z.optional(
    about(
      'Its body regions that other readers report; the case is final once all of them are.',
      z
        .array(
          z.looseObject({
            id,
            code: text,
            region: text,
            state: text,
            to: z.optional(text),
            claimedBy: z.optional(text),
            report: z.optional(text),
          }),
        )
        .check(z.maxLength(1_000)),
    ),
  ),
  transfers: about(
    'Its transfers, in the order in which they joined.',
    z
      .array(
        z.looseObject({
          id,
          joining: word(
            'Why it belongs to the case',
            'first',
            'late',
            'released',
            'prior',
            'moved',
          ),
        }),
      )
      .check(z.maxLength(10_000)),
  ),
  outcomes: about(
    'Parts of all its transfers, counted by outcome; those `quarantined`, `refused` or `missing` (the sender could not send them) cannot be read.',
    z.record(z.string(), count),
  ),
  critical: z.optional(
    about(
      'Its critical results that nobody has read back.',
      z
        .array(z.looseObject({ id, level: text, state: text, dueAt: instant }))
        .check(z.maxLength(1_000)),
    ),
  ),
  priors: z.optional(
    about(
      'Prior studies that the PACS of the facility is asked for: how many it has, how many the rule of the facility chose, and how many have come. The case never waits for them.',
      z.looseObject({
        state: word('How far that is', ...PRIOR_STATES),
        found: count,
        chosen: count,
        retrieved: count,
      }),
    ),
  ),
  isSealedToYou: z.optional(
    about(
      'For a reader, of one case: otherwise a colleague who can open it has to add you first.',
      z.boolean(),
    ),
  ),
  targets: about(
    'Deadlines: what must happen, and by when.',
    z
      .array(
        z.looseObject({
          kind: word('What', 'claim', 'preliminary', 'final', 'acknowledged'),
          dueAt: instant,
          metAt: z.optional(instant),
          missedAt: z.optional(instant),
        }),
      )
      .check(z.maxLength(10)),
  ),
})
export type CaseView = z.infer<typeof caseView>

export const casesAnswer = z.looseObject({
  cases: z.array(caseView).check(z.maxLength(1_000_000)),
})

export const lockedCasesAnswer = z.looseObject({
  cases: z
    .array(
      z.looseObject({
        id,
        code,
        why: word('Why', 'earlier-key', 'not-sealed'),
        colleagues: about(
          'Readers of the group who can open it with their present certificates.',
          z.array(text).check(z.maxLength(1_000)),
        ),
      }),
    )
    .check(z.maxLength(1_000_000)),
})
export type LockedCasesAnswer = Named<z.infer<typeof lockedCasesAnswer>>

export const caseAnswer = z.looseObject({ case: caseView, receipt })
export type CaseAnswer = Named<z.infer<typeof caseAnswer>>

/** The challenge in the problem that answers a claim without proof. */
export const challengeAnswer = z.looseObject({
  case: id,
  code,
  transfer: about('The transfer whose session key proves that you can open the case.', id),
  nonce: about('Sign it with the proof key of that transfer.', text),
  expiresAt: z.optional(instant),
  isAnswerOnly: z.optional(
    about(
      'True for a transfer sealed before proof keys existed: only the answer is accepted.',
      z.boolean(),
    ),
  ),
  sealed: z.optional(
    about(
      'One OpenPGP message in base64, sealed to your certificate; the SHA-256 of its content is also accepted as an answer.',
      z.string().check(z.maxLength(20_000)),
    ),
  ),
})
export type ChallengeAnswer = z.infer<typeof challengeAnswer>

/** The problem that answers a claim; it contains a challenge when the claim had no proof. */
export const claimProblem = z.looseObject({
  ...problem.shape,
  challenge: z.optional(challengeAnswer),
})

export const claimedAnswer = z.looseObject({
  case: z.looseObject({ ...caseView.shape, claimedBy: text, claimUntil: instant }),
  receipt,
})
export type ClaimedAnswer = z.infer<typeof claimedAnswer>
