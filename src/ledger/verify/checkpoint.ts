/** c2sp.org/tlog-checkpoint: the signed head of a log. */
import type { LedgerCrypto } from './crypto.js'
import { fromBase64, parseCount, toBase64 } from './encoding.js'
import { parseNote, parseVerifierKey, verifyNote } from './note.js'

export interface Checkpoint {
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** RFC 6962 root hash, 32 bytes. */
  readonly root: Uint8Array
}

/** Origin of the log of the gateway with that name. */
export const originOf = (gateway: string): string => `${gateway}/audit`

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`

/**
 * Parses the text of a note as a checkpoint; undefined if it is not one. Extension lines are
 * allowed and ignored.
 */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined
  const lines = text.slice(0, -1).split('\n')
  const [origin, count, encoded] = lines
  if (origin === undefined || count === undefined || encoded === undefined) return undefined
  if (lines.includes('')) return undefined
  const size = parseCount(count)
  const root = fromBase64(encoded)
  return size === undefined || root?.length !== 32 ? undefined : { origin, size, root }
}

export type OpenedCheckpoint =
  | { readonly checkpoint: Checkpoint; readonly problem?: undefined }
  | { readonly checkpoint?: undefined; readonly problem: string }

/**
 * Opens a signed checkpoint of the log that the trusted verifier key belongs to; the key's name is
 * the log's origin.
 */
export async function openCheckpoint(
  signed: string,
  trustedKey: string,
  crypto: LedgerCrypto,
): Promise<OpenedCheckpoint> {
  const key = await parseVerifierKey(trustedKey, crypto)
  if (!key) return { problem: 'the trusted key is not an Ed25519 verifier key' }
  const note = parseNote(signed)
  if (!note) return { problem: 'the checkpoint is not a signed note' }
  if (!(await verifyNote(note, key, crypto)))
    return { problem: 'the checkpoint is not signed by the trusted key' }
  const checkpoint = parseCheckpoint(note.text)
  if (!checkpoint) return { problem: 'the signed note is not a checkpoint' }
  if (checkpoint.origin !== key.name) return { problem: 'the checkpoint belongs to another log' }
  return { checkpoint }
}
