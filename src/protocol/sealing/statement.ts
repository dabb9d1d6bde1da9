/**
 * What an edge signs about a transfer that it sealed at its facility, and the only thing that is
 * known about the transfer outside its envelopes: facility, group, priority, modality, the new
 * study UID, counts and sizes. The signature binds the key packets and every data packet by digest,
 * so the gateway can check all that it stores without being able to open it.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../../lib/json.js'
import { PRIORITIES } from '../priority.js'
import { readSigned } from '../signed.js'
import {
  content,
  count,
  fingerprint,
  id,
  itemNumber,
  principalId,
  sha256,
  statedInstant,
} from '../words.js'

/** As many as a transfer can have; the gateway's own limits may be lower. */
const MOST_ITEMS = 100_000
const MOST_ENVELOPES = 1_000
const MOST_RECIPIENTS = 1_001
/** A 16,384-bit RSA key packet takes about 2 KB. */
const MOST_PACKET_CHARACTERS = 6_000

const envelope = z.strictObject({
  format: z.enum(['seipd1', 'seipd2']),
  /** Public half of the proof key of its session key: Ed25519, hexadecimal. */
  proofKey: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  packets: z
    .array(
      z.strictObject({
        fingerprint,
        packet: z.base64().check(z.minLength(1), z.maxLength(MOST_PACKET_CHARACTERS)),
      }),
    )
    .check(z.minLength(1), z.maxLength(MOST_RECIPIENTS)),
})
export type SealedEnvelope = z.output<typeof envelope>

/** CS of DICOM: anything else could be text. */
export const MODALITY = /^[A-Z0-9_]{1,16}$/
const UID = /^[0-9.]{1,64}$/

const item = z.strictObject({
  index: itemNumber,
  /** Position in `envelopes`, from 0. */
  envelope: count,
  kind: z.enum(['instance', 'document']),
  /** Bytes of its content. */
  size: count,
  ciphertext: content,
  study: z.optional(z.string().check(z.regex(UID))),
  modality: z.optional(z.string().check(z.regex(MODALITY))),
})
export type SealedItem = z.output<typeof item>

const sealed = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-sealed'),
  gateway: z.string().check(z.maxLength(255)),
  facility: principalId,
  group: principalId,
  priority: z.enum(PRIORITIES),
  /** Principal ID of the edge, and the fingerprint of its certificate. */
  edge: principalId,
  fingerprint,
  transfer: id,
  /** An earlier transfer whose case this one joins. */
  joins: z.optional(id),
  /** The recipients as the gateway told them, in ascending order. */
  recipients: z.array(fingerprint).check(z.minLength(1), z.maxLength(MOST_RECIPIENTS)),
  sealedAt: statedInstant,
  /** Files that the sender has but could not send. */
  missing: count,
  envelopes: z.array(envelope).check(z.minLength(1), z.maxLength(MOST_ENVELOPES)),
  items: z.array(item).check(z.minLength(1), z.maxLength(MOST_ITEMS)),
  /** What the facility kept: numbers and outcomes alone. */
  others: z
    .array(
      z.strictObject({
        index: itemNumber,
        outcome: z.enum(['quarantined', 'refused', 'duplicate']),
      }),
    )
    .check(z.maxLength(MOST_ITEMS)),
  manifest: z.strictObject({
    /** SHA-256 of its JSON. */
    sha256,
    ciphertext: content,
    envelope,
  }),
})
export type SealedTransfer = Readonly<Omit<z.output<typeof sealed>, 'v' | 'type'>>

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeSealed = (transfer: SealedTransfer): string =>
  canonicalJson({ v: 1, type: 'nocturne-sealed', ...transfer })

/**
 * Undefined unless the text has exactly this form, numbers each item once in ascending order, and
 * puts each in an envelope that it names.
 */
export function readSealed(text: string): SealedTransfer | undefined {
  const read = readSigned(text, sealed)
  if (!read) return undefined
  const { items, others, envelopes, recipients } = read
  const numbers = [...items, ...others].map(({ index }) => index)
  const isSound =
    new Set(numbers).size === numbers.length &&
    // Every part that was sent has a number, from 1 without gaps.
    numbers.every((one) => one <= numbers.length) &&
    isAscending(items.map(({ index }) => index)) &&
    isAscending(recipients) &&
    items.every((one) => one.envelope < envelopes.length)
  return isSound ? read : undefined
}

const isAscending = (all: readonly (number | string)[]): boolean =>
  all.every((one, at) => at === 0 || one > (all[at - 1] ?? one))
