/**
 * The manifest: what a transfer holds, signed by the gateway and sealed to the readers. Version 1
 * is canonical JSON (RFC
 * 8785) in UTF-8; a reader lets members pass that it does not know, so that later gateways may add
 *       some.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { content, id, instant, itemNumber } from './words.js'
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
  /** Of the data packet; key packets are not counted. */
  ciphertext: content,
  // The UIDs of an instance are the new ones.
  study: uid,
  series: uid,
  instance: uid,
  sopClass: uid,
  modality: z.optional(name),
  transferSyntax: uid,
  /** Name and version of the profile that de-identified it; a document has none. */
  profile: z.optional(name),
  /** Names may be burned into its pixels, and the profile let it pass all the same. */
  pixelsAtRisk: flag,
  /** Burned-in text was blanked. */
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
  /** The transfer that this one goes on with: its items were held then, and released since. */
  continues: z.optional(id),
  createdAt: z.optional(instant),
  completedAt: z.optional(instant),
  items: z.array(manifestItem).check(z.minLength(1), z.maxLength(MAX_ITEMS)),
})
export type Manifest = z.infer<typeof manifest>

/** The octets that are signed. */
export const writeManifest = ({ items, ...about }: Omit<Named<Manifest>, 'v'>): string =>
  canonicalJson({ v: 1, ...about, items: items.map((item) => ({ ...item })) })

/**
 * What was signed must be about this transfer of this gateway, and name each item once: a gateway
 * or store that answers with another transfer's manifest is found here. Without `gateway`, any
 * gateway's will do. Undefined otherwise.
 */
export function readManifest(
  bytes: Uint8Array,
  { transfer, gateway }: { readonly transfer: string; readonly gateway?: string | undefined },
): Manifest | undefined {
  const { data: read } = manifest.safeParse(parseJson(bytes))
  if (read?.transfer !== transfer) return undefined
  if (gateway !== undefined && read.gateway !== gateway) return undefined
  // In ascending order, and so none twice.
  const isInOrder = read.items.every(
    ({ index }, at) => at === 0 || index > (read.items[at - 1]?.index ?? 0),
  )
  return isInOrder ? read : undefined
}

/** Undefined for what is no JSON in UTF-8. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
