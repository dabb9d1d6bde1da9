/** What a facility manages: its quarantine and its crosswalks. */
import * as z from 'zod/mini'
import { DISCARD_REASONS } from '../discard-statement.js'
import { about, count, id, instant, itemNumber, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'
import { place } from './transfers.js'

const text = z.string().check(z.maxLength(500))

const heldItem = z.looseObject({
  facility: text,
  transfer: id,
  item: itemNumber,
  kind: word('How it was classified', 'instance', 'document', 'archive', 'unknown'),
  code: about('Why it was held.', text),
  also: z._default(about('Further findings.', z.array(text).check(z.maxLength(100))), []),
  where: z.optional(about('Where in the item the fault is, and the rule that it violates.', place)),
  state: word('Decision', 'held', 'released', 'discarded'),
  releasable: about('Whether the facility may release it after looking at it.', z.boolean()),
  size: about('Bytes of the sealed original.', count),
  createdAt: instant,
})
export type HeldItem = z.infer<typeof heldItem>

export const quarantineAnswer = z.looseObject({
  items: about('Oldest first.', z.array(heldItem).check(z.maxLength(1_000))),
  next: z.optional(about('Where the next page starts; absent on the last.', text)),
})

export type QuarantineAnswer = Named<z.infer<typeof quarantineAnswer>>

export const discardRequest = z.strictObject({ reason: z.enum(DISCARD_REASONS) })
export const discardsRequest = z.strictObject({
  statement: about('The signed text.', z.string().check(z.maxLength(300_000))),
  signature: about('Armored detached OpenPGP signature.', z.string().check(z.maxLength(16_384))),
})
export const receiptAnswer = z.looseObject({ receipt })

export const crosswalksAnswer = z.looseObject({
  crosswalks: about(
    'In the order in which the requests began.',
    z
      .array(
        z.looseObject({
          id: about('The envelope whose items it is about.', id),
          transfer: id,
          key: about('Public ID of the secret that the pseudonyms come from.', text),
          size: count,
          items: count,
          createdAt: instant,
        }),
      )
      .check(z.maxLength(1_000)),
  ),
  next: z.optional(about('Where the next page starts; absent on the last.', id)),
})
export type CrosswalksAnswer = Named<z.infer<typeof crosswalksAnswer>>
