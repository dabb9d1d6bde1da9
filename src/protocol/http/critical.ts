/** Critical results: what is raised, and how it is answered. */
import * as z from 'zod/mini'
import { CONTACT_ROLES } from '../critical.js'
import { about, id, instant, sha256, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'

const text = z.string().check(z.maxLength(500))
const statement = about(
  'Canonical JSON (RFC 8785): what was signed.',
  z.string().check(z.maxLength(2_000)),
)
const signature = about(
  'Armored detached OpenPGP signature.',
  z.string().check(z.maxLength(16_384)),
)
const certificate = about(
  'Certificate of the signer at that time, armored.',
  z.string().check(z.maxLength(1_100_000)),
)

export const criticalView = z.looseObject({
  id,
  case: id,
  code: about('Of the case.', text),
  facility: text,
  group: about('Reading group.', text),
  level: word('How soon it must be read back', 'minutes', 'hours', 'days'),
  state: word('State; `comparing`: a reader has to compare', 'raised', 'comparing', 'closed'),
  author: about('Reader who raised it.', text),
  sha256: about('SHA-256 of the sealed message, hexadecimal.', sha256),
  raisedAt: instant,
  dueAt: about('It must be read back by then.', instant),
  missedAt: z.optional(instant),
  closedAt: z.optional(instant),
  closedFor: z.optional(word('How it ended', 'read-back', 'phone')),
})
export type CriticalView = Named<z.infer<typeof criticalView>>

export const criticalsAnswer = z.looseObject({
  critical: about(
    'Open ones first, then the newest.',
    z.array(criticalView).check(z.maxLength(10_000)),
  ),
})

export const criticalAnswer = z.looseObject({
  id,
  kind: word('What it is', 'read-back', 'comparison', 'phone'),
  by: about('Principal whose token was used.', text),
  role: z.optional(word('Who took the finding', ...CONTACT_ROLES)),
  result: word('What it means', 'matches', 'waiting', 'differs', 'not-read-back'),
  at: instant,
  statement,
  signature,
  certificate,
})
export type CriticalAnswer = Named<z.infer<typeof criticalAnswer>>

/** One critical result, with what was signed about it. */
export const criticalWholeAnswer = z.looseObject({
  ...criticalView.shape,
  statement,
  signature,
  certificate,
  answers: about('Oldest first.', z.array(criticalAnswer).check(z.maxLength(10_000))),
})
export type CriticalWhole = Named<z.infer<typeof criticalWholeAnswer>>

export const criticalChangedAnswer = z.looseObject({
  critical: criticalView,
  isRepeated: about('The same request had come before; nothing was added.', z.boolean()),
  receipt: z.optional(receipt),
})
export type CriticalChanged = Named<z.infer<typeof criticalChangedAnswer>>

export const criticalQuery = z.strictObject({
  open: z.optional(about('`true`: only those that are not closed.', z.enum(['true', 'false']))),
})
