/** The manifest as a reader opens it: checked, and turned into names on disk. */
import { join } from 'node:path'
import { z } from 'zod'
import { CATALOGUE } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import { CommandError } from '../command-error.js'
import { extensionOf } from '../sender/media-types.js'

const MAX_ITEMS = 1_000_000

const content = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
})
const uid = z.string().max(64).optional()

const manifestItem = z.looseObject({
  index: z.int().positive().max(MAX_ITEMS),
  kind: z.enum(['instance', 'document']),
  mediaType: z.string().max(255),
  plaintext: content,
  ciphertext: content,
  study: uid,
  series: uid,
  instance: uid,
})
export type ManifestItem = z.infer<typeof manifestItem>

const manifestJson = z.looseObject({
  v: z.literal(1),
  transfer: z.string().regex(ID_PATTERN),
  facility: z.string().max(255),
  group: z.string().max(255),
  gateway: z.string().max(255),
  items: z.array(manifestItem).min(1).max(MAX_ITEMS),
})
export type Manifest = z.infer<typeof manifestJson>

/**
 * What was signed must be about this transfer of this gateway, and name each item once: a gateway or store that
 * answers with another transfer's manifest is found here. Without `gateway`, whoever signed it is asked for no name.
 *
 * @throws CommandError `manifest_mismatch`
 */
export function parseManifest(bytes: Uint8Array, transfer: string, gateway?: string): Manifest {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw mismatch('the manifest')
  }
  const { data: manifest } = manifestJson.safeParse(json)
  if (manifest?.transfer !== transfer) throw mismatch('the manifest')
  if (gateway !== undefined && manifest.gateway !== gateway) throw mismatch('the manifest')
  // In order, and so none twice.
  const isInOrder = manifest.items.every(
    ({ index }, at) => at === 0 || index > (manifest.items[at - 1]?.index ?? 0),
  )
  if (!isInOrder) throw mismatch('the manifest')
  return manifest
}

/** `what` is `item 3` or `the manifest`. */
export function mismatch(what: string): CommandError {
  const { title, hint } = CATALOGUE.manifest_mismatch
  return new CommandError(`${title}: ${what}`, { code: 'manifest_mismatch', hint })
}

/** PS3.5 section 9.1: numbers without leading zeros, separated by dots, at most 64 characters. */
const UID = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+$/

const isUid = (text: string | undefined): text is string =>
  text !== undefined && text.length <= 64 && UID.test(text)

/**
 * Where each item goes below the transfer's folder: `STUDY/SERIES/INSTANCE.dcm`, `documents/0003.pdf`. Nothing
 * but digits, dots and our own words becomes part of a name, and no two items get the same one.
 */
export function itemPaths(manifest: Manifest): ReadonlyMap<number, string> {
  const taken = new Set<string>()
  return new Map(
    manifest.items.map((item) => {
      const preferred = preferredPath(item)
      const path =
        preferred === undefined || taken.has(preferred)
          ? join('items', `${numbered(item.index)}.${extensionOf(item.mediaType)}`)
          : preferred
      taken.add(path)
      return [item.index, path]
    }),
  )
}

function preferredPath({ kind, index, mediaType, study, series, instance }: ManifestItem) {
  if (kind === 'document') return join('documents', `${numbered(index)}.${extensionOf(mediaType)}`)
  if (!isUid(study) || !isUid(series) || !isUid(instance)) return undefined
  return join(study, series, `${instance}.dcm`)
}

const numbered = (index: number) => String(index).padStart(4, '0')
