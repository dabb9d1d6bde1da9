/**
 * Statements that are signed as canonical JSON (RFC 8785), and the digests in them, by WebCrypto,
 * which Node and browsers have.
 */
import * as z from 'zod/mini'
import { hexOf } from '../lib/bytes.js'
import { canonicalJson } from '../lib/json.js'

/** Undefined unless the text has exactly this form, octet by octet. */
export function readSigned<T>(text: string, schema: z.ZodMiniType<T>): T | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const parsed = schema.safeParse(value)
    return parsed.success && canonicalJson(value as never) === text ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** A statement with its signature. */
export const signedRequest = z.strictObject({
  statement: z.string().check(z.minLength(1), z.maxLength(2_000)),
  /** Armored detached OpenPGP signature of the statement's UTF-8 octets. */
  signature: z.string().check(z.minLength(1), z.maxLength(16_384)),
})

export type SignedRequest = z.output<typeof signedRequest>

/** The key of somebody who writes, as what they write needs it. */
export interface WritingKey {
  /** Signs the content and seals it to the recipients. */
  readonly seal: (content: Uint8Array) => Promise<Uint8Array>
  readonly sign: (statement: string) => Promise<string>
}

/** The key of somebody who opens. */
export interface OpeningKey {
  /** Opens a message that must be signed with this certificate. */
  readonly open: (sealed: Uint8Array, certificate: string) => Promise<Uint8Array>
  readonly verify: (
    statement: string,
    signature: string,
    certificate: string,
    at: Date,
  ) => Promise<boolean>
}

/** SHA-256, hexadecimal. */
export const sha256Of = async (bytes: Uint8Array): Promise<string> =>
  hexOf(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))

/** HMAC-SHA-256, hexadecimal. */
export async function hmacOf(key: Uint8Array, text: string): Promise<string> {
  const how = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', new Uint8Array(key), how, false, ['sign'])
  return hexOf(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text)))
}
