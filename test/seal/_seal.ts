import { generateKey } from 'openpgp'
import { newEnvelope, nodeCiphers } from '../../src/seal/index.js'
import { newKey, readPrivateKey } from '../../src/seal/keys/keys.js'
import { openMessage } from '../../src/seal/open/open.js'
import { toRecipient } from '../../src/seal/keys/certificate.js'
import type { DataFormat, Envelope } from '../../src/seal/index.js'
import type { PrivateKey } from '../../src/seal/keys/keys.js'
import type { Recipient } from '../../src/seal/keys/recipient.js'

export interface Person {
  readonly recipient: Recipient
  readonly key: PrivateKey
  readonly armoredKey: string
}

/**
 * A person with a fresh key. For `seipd1`, the key does not announce version 2, as with GnuPG's
 * keys.
 */
export async function person(id: string, format: DataFormat = 'seipd2'): Promise<Person> {
  const { privateKey, certificate } =
    format === 'seipd2' ? await newKey({ name: id }) : await old(id)
  return {
    recipient: await toRecipient(id, certificate, new Date()),
    key: await readPrivateKey(privateKey),
    armoredKey: privateKey,
  }
}

async function old(name: string): Promise<{ privateKey: string; certificate: string }> {
  const made = await generateKey({ userIDs: [{ name }], type: 'ecc', curve: 'curve25519Legacy' })
  return { privateKey: made.privateKey, certificate: made.publicKey }
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

/** Splits the bytes into pieces of the given sizes, repeating the sizes as needed. */
export async function* split(bytes: Uint8Array, ...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? bytes.length)
    yield await Promise.resolve(bytes.subarray(at, at + size))
    at += size
  }
}

/** Deterministic content without repetitions, so that a swapped or repeated piece is detected. */
export function content(size: number): Buffer {
  if (made.length < size) {
    made = Buffer.alloc(size)
    for (let at = 0; at < size; at++) made[at] = (at * 31 + (at >> 8) * 17 + (at >> 16)) & 0xff
  }
  const bytes = Buffer.alloc(size)
  made.copy(bytes)
  return bytes
}

/** Computed once; each caller gets memory of its own. */
let made = Buffer.alloc(0)

/** The first recipient's key packet and the data packet: what one reader downloads. */
export async function message(envelope: Envelope, plain: Uint8Array): Promise<Buffer> {
  const data = await collect(envelope.seal(split(plain, 65_536)).bytes)
  return Buffer.concat([envelope.keyPackets[0]!.packet, data])
}

export async function sealTo(to: Person, plain: Uint8Array): Promise<Buffer> {
  const envelope = await newEnvelope([to.recipient], new Date())
  return message(envelope, plain)
}

export const open = (
  bytes: AsyncIterable<Uint8Array>,
  ...keys: PrivateKey[]
): AsyncGenerator<Uint8Array> => openMessage(bytes, keys, { ciphers: nodeCiphers })

/** What was released before the end or the error, and the error's code. */
export async function attempt(
  bytes: Uint8Array,
  key: PrivateKey,
  ciphers = nodeCiphers,
): Promise<{ readonly released: Buffer; readonly code: string | undefined }> {
  const released: Uint8Array[] = []
  try {
    for await (const piece of openMessage(split(bytes, 100_000), [key], { ciphers }))
      released.push(piece)
    return { released: Buffer.concat(released), code: undefined }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { released: Buffer.concat(released), code }
  }
}
