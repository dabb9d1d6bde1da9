/** Sending, following and reading transfers. */
import * as z from 'zod/mini'
import { PRIORITIES } from '../priority.js'
import { WAITS, about, count, fingerprint, id, instant, itemNumber, word } from '../words.js'
import type { Named } from '../words.js'
import { outcomes } from '../outcomes.js'
import { caseView } from './cases.js'
import { criticalView } from './critical.js'
import { receipt } from './gateway.js'
import { problem } from './problem.js'

const text = z.string().check(z.maxLength(500))

export const priority = z.enum(PRIORITIES)

const state = word(
  'State of the transfer; of an expired one, the contents were removed under the retention of the site',
  'open',
  'available',
  'acknowledged',
  'abandoned',
  'expired',
)
export const OUTCOMES = ['accepted', 'quarantined', 'refused', 'duplicate'] as const

/** Where in an item its fault is, and the rule that it violates. */
export const place = z.looseObject({
  rule: text,
  path: z.optional(text),
  offset: z.optional(count),
})

export const itemAnswer = z.looseObject({
  index: about(
    'Number of the item in its transfer, from 1; 0 for a part that was refused and has no number.',
    count,
  ),
  part: z.optional(
    about(
      'Number of the part of this request, from 1; an archive yields several items.',
      itemNumber,
    ),
  ),
  kind: word('How it was classified', 'instance', 'document', 'archive', 'directory', 'unknown'),
  outcome: z.enum(OUTCOMES),
  code: z.optional(about('Why it was not accepted: see `/reference/errors`.', text)),
  hint: z.optional(text),
  where: z.optional(about('Where in the item the fault is, and the rule that it violates.', place)),
})
export type ItemAnswer = z.infer<typeof itemAnswer>

/** The answer to an upload; also members of the problem when nothing was accepted. */
export const uploadAnswer = z.looseObject({
  id: z.optional(id),
  state: z.optional(state),
  items: about(
    'Every part that was sent is accounted for, in the order of the request.',
    z.array(itemAnswer).check(z.maxLength(1_000_000)),
  ),
  sentBefore: z.optional(
    about(
      'The same files were sent before, and no second case was made. `id` is the transfer of then unless some of them could only be accepted now.',
      z.looseObject({ transfer: id, availableAt: instant }),
    ),
  ),
  receipt: z.optional(receipt),
})
export type UploadAnswer = z.infer<typeof uploadAnswer>

/** What became of an upload whose answer was lost. */
export const knownUploadAnswer = z.looseObject({
  transfer: id,
  state: word('State of the upload', 'receiving', 'done'),
  answer: z.optional(
    about('Once it is done: the answer as it was given, without its receipt.', uploadAnswer),
  ),
})

/** The problem that answers an upload; it has the same list when nothing was accepted. */
export const uploadProblem = z.looseObject({
  ...problem.shape,
  ...z.partial(uploadAnswer).shape,
})

/** The state after a change, with the proof of the event. */
export const changedAnswer = z.looseObject({
  id,
  state,
  claimedBy: z.optional(text),
  claimedAt: z.optional(instant),
  claimUntil: z.optional(instant),
  case: z.optional(z.looseObject({ id, code: text })),
  receipt,
})
export type ChangedAnswer = Named<z.infer<typeof changedAnswer>>

export const transferAnswer = z.looseObject({
  id,
  facility: text,
  group: about('Reading group; `-` while the study waits until a person names one.', text),
  waits: z.optional(
    word('Why the study waits for its group: no rule names one, or a rule holds it', ...WAITS),
  ),
  priority: word('Priority', ...PRIORITIES),
  state,
  createdAt: instant,
  availableAt: z.nullish(instant),
  claimedBy: z.nullish(about('Reader who holds the claim.', text)),
  claimedAt: z.nullish(instant),
  acknowledgedBy: z.nullish(text),
  acknowledgedAt: z.nullish(instant),
  items: about('Accepted items.', count),
  bytes: about('Size of their content in bytes.', count),
  held: z.optional(
    about('Items of it that are in quarantine now, or were discarded there.', count),
  ),
  outcomes: z.optional(
    about('Number of items per outcome, including those that were not accepted.', outcomes),
  ),
  sealedBy: z.optional(
    about(
      'The edge that sealed it at the facility, and signed its manifest; absent when the gateway did.',
      z.looseObject({ edge: text, fingerprint }),
    ),
  ),
})
export type TransferAnswer = z.infer<typeof transferAnswer>

export const transfersAnswer = z.looseObject({
  transfers: about('Newest first.', z.array(transferAnswer)),
  next: z.optional(about('Where the next page starts; absent on the last.', id)),
})

export const inboxAnswer = z.looseObject({
  transfers: about(
    'Available transfers of your groups, by priority, then age; at most 1,000.',
    z.array(transferAnswer),
  ),
  cases: z.optional(about('The worklist of your groups, by time left.', z.array(caseView))),
  critical: z.optional(
    about(
      'Critical results of your groups that nobody has read back, or that a reader has to compare, whatever the state of their case.',
      z.array(criticalView).check(z.maxLength(10_000)),
    ),
  ),
  warnings: z._default(
    about(
      "About your own certificate or the gateway's: it expires soon, or a replacement is pending.",
      z.array(text).check(z.maxLength(10)),
    ),
    [],
  ),
})

export const acknowledgementRequest = z.strictObject({
  statement: about(
    `Canonical JSON (RFC 8785) with \`v\` 1, \`type\` "nocturne-acknowledgement", \`gateway\`, \`transfer\`, \`manifest\` (SHA-256 of the manifest's JSON), \`items\` (their number), \`reader\` and \`openedAt\`.`,
    z.string().check(z.minLength(1), z.maxLength(2_000)),
  ),
  signature: about(
    "Armored detached OpenPGP signature of the statement's UTF-8 octets, by the reader's key.",
    z.string().check(z.minLength(1), z.maxLength(16_384)),
  ),
})
