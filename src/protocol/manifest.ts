/**
 * The manifest: what a transfer holds, signed by the gateway and sealed to the readers. Version 1
 * is canonical JSON (RFC 8785) in UTF-8; readers ignore members they do not know, so that later
 * gateways can add some.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { outcomes } from './outcomes.js'
import { content, fingerprint, id, instant, itemNumber, principalId } from './words.js'
import type { Named } from './words.js'

const MAX_ITEMS = 1_000_000

const name = z.string().check(z.maxLength(255))
const uid = z.optional(z.string().check(z.maxLength(64)))
const flag = z.optional(z.boolean())

export const manifestItem = z.looseObject({
  index: itemNumber.check(z.maximum(MAX_ITEMS)),
  kind: z.enum(['instance', 'document']),
  mediaType: name,
  plaintext: content,
  /** Of the data packet, without key packets. */
  ciphertext: content,
  // The UIDs of an instance are the new ones.
  study: uid,
  series: uid,
  instance: uid,
  sopClass: uid,
  modality: z.optional(name),
  transferSyntax: uid,
  /** Name and version of the profile used to de-identify it; absent for documents. */
  profile: z.optional(name),
  /** Names may be burned into its pixels, but the profile lets such images pass. */
  pixelsAtRisk: flag,
  /** Text burned into its pixels was blanked. */
  pixelsBlanked: flag,
})
export type ManifestItem = z.infer<typeof manifestItem>
/** An item as the gateway writes it, before it has its number. */
export type ManifestEntry = Omit<Named<ManifestItem>, 'index'>

export const manifest = z.looseObject({
  v: z.literal(1),
  transfer: id,
  facility: name,
  group: name,
  priority: z.optional(name),
  gateway: name,
  /** The edge that sealed it at the facility; its key signed in place of the gateway's. */
  sealedBy: z.optional(z.looseObject({ edge: principalId, fingerprint })),
  /**
   * The transfer that this one continues: its items were held then and have been released since.
   */
  continues: z.optional(id),
  createdAt: z.optional(instant),
  completedAt: z.optional(instant),
  /** Of everything that was sent: what is not among the items as well. */
  outcomes: z.optional(outcomes),
  items: z.array(manifestItem).check(z.minLength(1), z.maxLength(MAX_ITEMS)),
})
export type Manifest = z.infer<typeof manifest>

/**
 * The octets that are signed, in pieces of one item, so that the manifest of a large transfer need
 * not be written in one go.
 */
export function* manifestPieces({
  items,
  outcomes: counts,
  ...about
}: Omit<Named<Manifest>, 'v'>): Generator<string> {
  const whole = canonicalJson({
    v: 1,
    ...about,
    ...(counts && { outcomes: { ...counts } }),
    items: [],
  })
  // The texts before it are names of a site, in which a quotation mark would be escaped.
  const at = whole.indexOf(EMPTY_ITEMS) + EMPTY_ITEMS.length - 1
  yield whole.slice(0, at)
  for (const [i, item] of items.entries())
    yield `${i === 0 ? '' : ','}${canonicalJson({ ...item })}`
  yield whole.slice(at)
}

const EMPTY_ITEMS = '"items":[]'

/**
 * Parses a manifest and checks that it is about this transfer of this gateway and names each item
 * once: this detects a gateway or store that returns another transfer's manifest. Without
 * `gateway`, any gateway is accepted. Undefined otherwise.
 */
export function readManifest(
  bytes: Uint8Array,
  { transfer, gateway }: { readonly transfer: string; readonly gateway?: string | undefined },
): Manifest | undefined {
  const { data: read } = manifest.safeParse(parseJson(bytes))
  if (read?.transfer !== transfer) return undefined
  if (gateway !== undefined && read.gateway !== gateway) return undefined
  // In ascending order, so no item appears twice.
  const isInOrder = read.items.every(
    ({ index }, at) => at === 0 || index > (read.items[at - 1]?.index ?? 0),
  )
  return isInOrder ? read : undefined
}

/** Undefined when the octets are not JSON in UTF-8. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
