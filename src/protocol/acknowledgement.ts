/** What a reader signs after opening a transfer: which manifest, how many items, when. */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { isRealDate } from '../lib/real-date.js'
import { count, id, sha256 } from './words.js'

const acknowledgement = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-acknowledgement'),
  gateway: z.string(),
  transfer: id,
  /** Digest of the manifest's JSON. */
  manifest: sha256,
  items: count,
  /** Of a transfer that is not whole: what its reader knows to be lacking. */
  lacks: z.optional(z.strictObject({ held: count, refused: count, missing: count })),
  reader: z.string(),
  openedAt: z
    .string()
    .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/), z.refine(isRealDate)),
})
export type Acknowledgement = Readonly<Omit<z.infer<typeof acknowledgement>, 'v' | 'type'>>

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeAcknowledgement = ({ lacks, ...statement }: Acknowledgement): string =>
  canonicalJson({
    v: 1,
    type: 'nocturne-acknowledgement',
    ...statement,
    ...(lacks && { lacks: { ...lacks } }),
  })

/** Undefined unless the text has exactly this form. */
export function readAcknowledgement(text: string): Acknowledgement | undefined {
  try {
    const { data } = acknowledgement.safeParse(JSON.parse(text))
    if (!data || writeAcknowledgement(data) !== text) return undefined
    return data
  } catch {
    return undefined
  }
}
