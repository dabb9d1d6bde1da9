/** Hand-overs between readers. */
import * as z from 'zod/mini'
import { about, certificate, id, instant, principalId, recipient } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'

const text = z.string().check(z.maxLength(500))

/** In base64. */
const MAX_NOTE = 90_000

export const HANDOVER_KINDS = ['claimed', 'waiting', 'preliminary', 'critical'] as const

const handoverItem = z.looseObject({
  kind: about(
    '`claimed` by the giver, `waiting` to be read, `preliminary` without a final report, `critical` result that nobody has read back.',
    z.enum(HANDOVER_KINDS),
  ),
  id: about('Of the case or the critical result.', id),
  code: about('Of the case.', text),
  priority: z.optional(text),
})
export type HandoverItem = Named<z.infer<typeof handoverItem>>

export const handoverView = z.looseObject({
  id,
  group: text,
  giver: about('Reader who hands over.', text),
  givenAt: instant,
  items: about('What was open then.', z.array(handoverItem).check(z.maxLength(10_000))),
  note: z.optional(
    about(
      "One OpenPGP message in base64, sealed to the readers of the group and signed by the giver's key.",
      z.string().check(z.maxLength(MAX_NOTE)),
    ),
  ),
  certificate: about('Certificate of the giver at that time, armored.', certificate),
  acceptedBy: z.optional(text),
  acceptedAt: z.optional(instant),
})
export type HandoverView = Named<z.infer<typeof handoverView>>

export const handoversAnswer = z.looseObject({
  handovers: about('Newest first.', z.array(handoverView).check(z.maxLength(1_000))),
})
export const handoverAnswer = z.looseObject({ handover: handoverView, receipt })
export type HandoverAnswer = Named<z.infer<typeof handoverAnswer>>

export const groupRecipientsAnswer = z.looseObject({
  gateway: text,
  recipients: about(
    'The readers of the group, and recovery.',
    z.array(recipient).check(z.maxLength(1_000)),
  ),
})

export const groupQuery = z.strictObject({ group: principalId })

export const newHandover = z.strictObject({
  group: principalId,
  /** One OpenPGP message in base64, sealed to the readers of the group. */
  note: z.optional(z.base64().check(z.maxLength(MAX_NOTE))),
})
