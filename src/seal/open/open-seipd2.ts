import { concat } from '../../lib/bytes.js'
import type { Ciphers, OpenGcm } from '../ciphers.js'
import type { Body } from './open-packets.js'
import { NEW_FORMAT, TAG } from '../packets.js'

const TAG_BYTES = 16
const SALT_BYTES = 32
const NONCE_BYTES = 12
const COUNTER_BYTES = 8
/** RFC 9580 section 5.13.2: chunks larger than 4 MiB are refused. */
const LARGEST_CHUNK_OCTET = 16
const GCM = 3
/** Key size in octets by symmetric algorithm ID: AES-128, AES-192, AES-256. */
const KEY_BYTES: Readonly<Record<number, number>> = { 7: 16, 8: 24, 9: 32 }

/** The fixed octets between the version and the encrypted data. */
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
 * Opens an AES-GCM packet chunk by chunk (RFC 9580 section 5.13.2). A chunk is released only when
 * it and all chunks before it are authentic, and the last chunk only when the tag over the total
 * length is authentic too, so a message of one chunk is released as a whole or not at all. Memory:
 * two chunks, plus two for each chunk opened ahead.
 *
 * `free` receives each piece when the next one is requested.
 */
export async function openSeipd2(
  body: Body,
  header: Seipd2Header,
  sessionKey: Uint8Array,
  ciphers: Ciphers,
  free?: (bytes: Uint8Array) => void,
): Promise<AsyncGenerator<Uint8Array>> {
  const keyBytes = KEY_BYTES[header.cipher]
  if (!isGcm(header) || header.chunkOctet > LARGEST_CHUNK_OCTET) throw new Error('not supported')
  if (keyBytes === undefined || sessionKey.length !== keyBytes) throw new Error('wrong key size')
  const { cipher, mode, chunkOctet, salt } = header
  const associated = Uint8Array.of(NEW_FORMAT | TAG.protected, 2, cipher, mode, chunkOctet)
  const ivBytes = NONCE_BYTES - COUNTER_BYTES
  const derived = await ciphers.hkdf(sessionKey, salt, associated, keyBytes + ivBytes)
  const openGcm = await ciphers.openGcm(derived.subarray(0, keyBytes))
  const iv = derived.subarray(keyBytes)
  const chunks = new Chunks({ openGcm, derived, iv, associated, ahead: ciphers.ahead ?? 0 })
  return openAll(body, 2 ** (chunkOctet + 6) + TAG_BYTES, chunks, free)
}

/**
 * Separate from the one-time setup: V8 spends more time compiling a loop in a long function than
 * running it over all chunks.
 */
async function* openAll(
  body: Body,
  chunkBytes: number,
  chunks: Chunks,
  free: ((bytes: Uint8Array) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  // One chunk, a tag and one more octet: only when all of this is filled does another chunk follow.
  const window = new Uint8Array(chunkBytes + TAG_BYTES + 1)
  try {
    let filled = 0
    while ((filled = await body.fill(window, filled)) === window.length) {
      chunks.open(window.subarray(0, chunkBytes))
      window.copyWithin(0, chunkBytes)
      filled -= chunkBytes
      if (!chunks.areEnough) continue
      const content = await chunks.next()
      yield content
      free?.(content)
    }
    const end = filled - TAG_BYTES
    // An empty last chunk is never written.
    if (end <= TAG_BYTES) throw new Error('too short')
    chunks.open(window.subarray(0, end))
    chunks.close(window.subarray(end, filled))
    while (chunks.count > 2) yield await chunks.next()
    const last = await chunks.next()
    await chunks.next()
    yield last
  } finally {
    await chunks.forget()
  }
}

interface MessageKey {
  readonly openGcm: OpenGcm
  /** Holds both the key and `iv`, and is overwritten at the end. */
  readonly derived: Uint8Array
  /** The first octets of every nonce. */
  readonly iv: Uint8Array
  readonly associated: Uint8Array
  readonly ahead: number
}

/** Chunks being opened, in order. */
class Chunks {
  readonly #with: MessageKey
  readonly #opening: Promise<Uint8Array>[] = []
  #index = 0
  #total = 0

  constructor(messageKey: MessageKey) {
    this.#with = messageKey
  }

  get count(): number {
    return this.#opening.length
  }

  /**
   * Whether as many chunks are being opened as the ciphers can work on at once, plus the one to be
   * returned next.
   */
  get areEnough(): boolean {
    return this.count > this.#with.ahead
  }

  open(sealed: Uint8Array): void {
    this.#open(this.#with.associated, sealed)
    this.#total += sealed.length - TAG_BYTES
  }

  /** Checks the final tag, which authenticates the total length and has no content. */
  close(tag: Uint8Array): void {
    this.#open(concat([this.#with.associated, uint64(this.#total)]), tag)
  }

  /** Returns the first chunk in the queue, once it is authentic. */
  next(): Promise<Uint8Array> {
    return this.#opening.shift() ?? Promise.reject(new Error('nothing is being opened'))
  }

  /** Waits until nothing is being opened, then overwrites the key. */
  async forget(): Promise<void> {
    await Promise.allSettled(this.#opening)
    this.#with.derived.fill(0)
  }

  #open(associated: Uint8Array, sealed: Uint8Array): void {
    const nonce = concat([this.#with.iv, uint64(this.#index++)])
    const job = Promise.resolve(this.#with.openGcm(nonce, associated, sealed))
    // It may fail while an earlier chunk is still awaited; `next` reports the failure when its turn
    // comes.
    job.catch(() => undefined)
    this.#opening.push(job)
  }
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
