import type { Ciphers } from './ciphers.js'
import type { Body } from './open-packets.js'
import { concat, NEW_FORMAT, TAG } from './packets.js'

const TAG_BYTES = 16
const SALT_BYTES = 32
const NONCE_BYTES = 12
const COUNTER_BYTES = 8
/** RFC 9580 section 5.13.2: chunks above 4 MiB are refused. */
const LARGEST_CHUNK_OCTET = 16
const GCM = 3
/** Octets of a key by symmetric algorithm ID: AES-128, AES-192, AES-256. */
const KEY_BYTES: Readonly<Record<number, number>> = { 7: 16, 8: 24, 9: 32 }

/** The fixed octets in front of the encrypted data, after the version. */
export interface Seipd2Header {
  readonly cipher: number
  readonly mode: number
  readonly chunkOctet: number
  readonly salt: Uint8Array
}

export async function readSeipd2Header(body: Body): Promise<Seipd2Header> {
  const [cipher = 0, mode = 0, chunkOctet = 0] = await body.exactly(3)
  return { cipher, mode, chunkOctet, salt: await body.exactly(SALT_BYTES) }
}

export const isGcm = (header: Seipd2Header): boolean => header.mode === GCM

/**
 * Opens an AES-GCM packet chunk by chunk (RFC 9580 section 5.13.2). A chunk is given out only once it is authentic, and
 * the last one only once the tag over the whole length is, too: a message of one chunk comes out whole or not at all.
 * Memory: two chunks.
 *
 * `free` is given each piece when the next one is asked for.
 */
export async function* openSeipd2(
  body: Body,
  header: Seipd2Header,
  sessionKey: Uint8Array,
  ciphers: Ciphers,
  free?: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const keyBytes = KEY_BYTES[header.cipher]
  if (!isGcm(header) || header.chunkOctet > LARGEST_CHUNK_OCTET) throw new Error('not supported')
  if (keyBytes === undefined || sessionKey.length !== keyBytes) throw new Error('wrong key size')
  const { cipher, mode, chunkOctet, salt } = header
  const associated = Uint8Array.of(NEW_FORMAT | TAG.protected, 2, cipher, mode, chunkOctet)
  const ivBytes = NONCE_BYTES - COUNTER_BYTES
  const derived = await ciphers.hkdf(sessionKey, salt, associated, keyBytes + ivBytes)
  const key = derived.subarray(0, keyBytes)
  const nonceFor = (index: number): Uint8Array =>
    concat([derived.subarray(keyBytes), uint64(index)])

  const sealedBytes = 2 ** (chunkOctet + 6) + TAG_BYTES
  // One tag more than a chunk: what follows a chunk decides whether it was the last.
  const window = new Uint8Array(sealedBytes + TAG_BYTES)
  let filled = 0
  let index = 0
  let total = 0
  try {
    for (;;) {
      filled = await body.fill(window, filled)
      const isEnd = filled < window.length
      const end = isEnd ? filled - TAG_BYTES : sealedBytes
      // Nothing, or more than a tag: an empty chunk has no place in a message.
      if (end < 0 || (end > 0 && end <= TAG_BYTES)) throw new Error('too short')
      let content: Uint8Array = new Uint8Array(0)
      if (end > 0) {
        const sealed = window.subarray(0, end)
        content = await ciphers.openGcm(key, nonceFor(index++), associated, sealed)
        total += content.length
      }
      if (isEnd) {
        const summed = concat([associated, uint64(total)])
        await ciphers.openGcm(key, nonceFor(index), summed, window.subarray(end, filled))
      }
      if (content.length > 0) yield content
      if (isEnd) return
      free?.(content)
      window.copyWithin(0, sealedBytes)
      filled = TAG_BYTES
    }
  } finally {
    derived.fill(0)
  }
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
