/**
 * c2sp.org/tlog-cosignature with Ed25519 (`cosignature/v1`, signature type 0x04), on Node and in
 * browsers.
 */
import { concat } from '../../lib/bytes.js'
import type { LedgerCrypto } from '../verify/crypto.js'
import { fromBase64, isSameBytes, toBase64, toUtf8 } from '../verify/encoding.js'
import { isKeyName } from '../verify/note.js'
import type { Note, VerifierKey } from '../verify/note.js'

const COSIGNATURE_V1 = 0x04
const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/**
 * What a witness signs: when it saw the checkpoint, in seconds since 1970, and the checkpoint's
 * text.
 */
export const cosignatureInput = (time: number, text: string): Uint8Array =>
  toUtf8(`cosignature/v1\ntime ${time}\n${text}`)

/** The input whose SHA-256 begins with the ID of a witness's key, in the first four bytes. */
export const cosignerIdInput = (name: string, publicKey: Uint8Array): Uint8Array =>
  concat([toUtf8(`${name}\n`), Uint8Array.of(COSIGNATURE_V1), publicKey])

export function formatCosignerKey({ name, id, publicKey }: VerifierKey): string {
  const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${name}+${hex}+${toBase64(concat([Uint8Array.of(COSIGNATURE_V1), publicKey]))}`
}

/** Undefined unless it is an Ed25519 cosigner key with the correct ID. */
export async function parseCosignerKey(
  text: string,
  crypto: LedgerCrypto,
): Promise<VerifierKey | undefined> {
  const [, name, encoded] = /^([^+]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]{44})$/.exec(text) ?? []
  const key = encoded === undefined ? undefined : fromBase64(encoded)
  if (name === undefined || !isKeyName(name) || key?.length !== 33) return undefined
  if (key[0] !== COSIGNATURE_V1) return undefined
  const publicKey = key.subarray(1)
  const id = (await crypto.sha256(cosignerIdInput(name, publicKey))).subarray(0, 4)
  const parsed = { name, id, publicKey }
  return formatCosignerKey(parsed) === text ? parsed : undefined
}

/**
 * The bytes of a signature line after the key's id: the time as eight octets, big-endian, then the
 * signature.
 */
export function formatCosignature(time: number, signature: Uint8Array): Uint8Array {
  const octets = new Uint8Array(TIME_BYTES)
  new DataView(octets.buffer).setBigUint64(0, BigInt(time))
  return concat([octets, signature])
}

/**
 * When the witness saw this note according to its newest valid cosignature, in seconds since 1970.
 */
export async function cosignedAt(
  note: Note,
  key: VerifierKey,
  crypto: LedgerCrypto,
): Promise<number | undefined> {
  let newest: number | undefined
  for (const { name, id, signature } of note.signatures) {
    if (name !== key.name || !isSameBytes(id, key.id)) continue
    if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) continue
    const view = new DataView(signature.buffer, signature.byteOffset, TIME_BYTES)
    const time = Number(view.getBigUint64(0))
    if (!Number.isSafeInteger(time)) continue
    const message = cosignatureInput(time, note.text)
    if (await crypto.verifyEd25519(key.publicKey, message, signature.subarray(TIME_BYTES)))
      newest = Math.max(newest ?? 0, time)
  }
  return newest
}
