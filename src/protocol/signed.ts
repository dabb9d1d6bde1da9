/** Statements that are signed as canonical JSON (RFC 8785). */
import * as z from 'zod/mini'
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
