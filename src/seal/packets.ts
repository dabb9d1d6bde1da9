/**
 * OpenPGP packets as bytes (RFC 9580 section 4): the headers that are written, and the tags that
 * this room uses. No Node modules: sealing and opening share it.
 */
import { concat } from '../lib/bytes.js'

/** Packet type IDs (RFC 9580 section 5, table 3). */
export const TAG = {
  keyPacket: 1,
  signature: 2,
  passwordKeyPacket: 3,
  onePassSignature: 4,
  secretKey: 5,
  compressed: 8,
  unprotected: 9,
  marker: 10,
  literal: 11,
  protected: 18,
  draftAead: 20,
  padding: 21,
} as const

/** Bits 7 and 6 of a packet header in the current OpenPGP format (RFC 9580 section 4.2). */
export const NEW_FORMAT = 0xc0

/**
 * A partial length covers 2^20 octets of the body, well above the minimum of 512 for the first one
 * (section 4.2.1.4).
 */
export const PARTIAL_EXPONENT = 20

/** The octet that announces a partial body length of 2^exponent. */
export const partialLength = (exponent: number): number => 224 + exponent

/** Encodes a body length in one, two or five octets (RFC 9580 sections 4.2.1.1 to 4.2.1.3). */
export function bodyLength(length: number): Uint8Array {
  if (length < 192) return Uint8Array.of(length)
  if (length < 8384) return Uint8Array.of(((length - 192) >> 8) + 192, (length - 192) & 0xff)
  if (length > 0xffffffff) throw new RangeError('a packet of 4 GiB needs partial lengths')
  return Uint8Array.of(
    255,
    length >>> 24,
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
  )
}

/** Builds one complete packet of definite length. */
export function packet(tag: number, body: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(NEW_FORMAT | tag), bodyLength(body.length), body])
}
