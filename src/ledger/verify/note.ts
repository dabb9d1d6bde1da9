/** c2sp.org/signed-note with Ed25519 keys (signature type 0x01). */
import { concat } from '../../lib/bytes.js'
import type { LedgerCrypto } from './crypto.js'
import { fromBase64, isSameBytes, toBase64, toUtf8 } from './encoding.js'

export const ED25519 = 0x01
/**
 * Longer notes are refused. Leaves room for the 16 signatures that a verifier must accept,
 * including post-quantum ones.
 */
const MAX_NOTE_CHARACTERS = 128 * 1024
const MAX_SIGNATURES = 64

export interface VerifierKey {
  readonly name: string
  /** The key's id: four bytes. */
  readonly id: Uint8Array
  readonly publicKey: Uint8Array
}

export interface NoteSignature {
  readonly name: string
  readonly id: Uint8Array
  readonly signature: Uint8Array
}

export interface Note {
  /** Including its final newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Not empty, and without Unicode spaces, plus signs and control characters. */
export const isKeyName = (name: string): boolean =>
  name.isWellFormed() && /^[^\s+\p{Cc}]+$/u.test(name)

/** The input whose SHA-256 begins with the key's ID, in the first four bytes. */
export const keyIdInput = (name: string, publicKey: Uint8Array): Uint8Array =>
  concat([toUtf8(`${name}\n`), Uint8Array.of(ED25519), publicKey])

/** `NAME+ID+KEY`: the ID as eight hexadecimal digits, then type and key in base64. */
export function formatVerifierKey({ name, id, publicKey }: VerifierKey): string {
  const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${name}+${hex}+${toBase64(concat([Uint8Array.of(ED25519), publicKey]))}`
}

/** Undefined unless it is an Ed25519 key with the correct ID. */
export async function parseVerifierKey(
  text: string,
  crypto: LedgerCrypto,
): Promise<VerifierKey | undefined> {
  const [, name, hex, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})$/.exec(text) ?? []
  if (name === undefined || hex === undefined || encoded === undefined) return undefined
  const key = fromBase64(encoded)
  if (!isKeyName(name) || key?.length !== 33 || key[0] !== ED25519) return undefined
  const publicKey = key.subarray(1)
  const id = (await crypto.sha256(keyIdInput(name, publicKey))).subarray(0, 4)
  const parsed = { name, id, publicKey }
  return formatVerifierKey(parsed) === text ? parsed : undefined
}

export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(
    ({ name, id, signature }) => `\u2014 ${name} ${toBase64(concat([id, signature]))}\n`,
  )
  return `${text}\n${lines.join('')}`
}

/**
 * Undefined for anything that is not a signed note. Does not verify the signatures; see
 * `verifyNote`.
 */
export function parseNote(note: string): Note | undefined {
  if (note.length > MAX_NOTE_CHARACTERS || !note.isWellFormed()) return undefined
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) return undefined
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) return undefined
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return undefined
  const signatures = lines.map(parseSignature)
  if (!signatures.every((signature) => signature !== undefined)) return undefined
  return { text: note.slice(0, split + 1), signatures }
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? []
  if (name === undefined || encoded === undefined || !isKeyName(name)) return undefined
  const bytes = fromBase64(encoded)
  if (!bytes || bytes.length < 5) return undefined
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) }
}

/**
 * Whether the key signed the note: at least one signature names this key, and every signature that
 * names it is valid.
 */
export async function verifyNote(
  note: Note,
  key: VerifierKey,
  crypto: LedgerCrypto,
): Promise<boolean> {
  const own = note.signatures.filter(({ name, id }) => name === key.name && isSameBytes(id, key.id))
  for (const { signature } of own) {
    if (!(await crypto.verifyEd25519(key.publicKey, toUtf8(note.text), signature))) return false
  }
  return own.length > 0
}
