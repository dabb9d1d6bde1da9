/**
 * The words that formats are made of: what an id, a digest or an instant may look like, wherever
 * one stands.
 */
import * as z from 'zod/mini'
import { ID_PATTERN } from '../lib/id-pattern.js'

/** The same schema with a sentence about it, which the reference shows. */
export const about = <T extends z.ZodMiniType>(text: string, schema: T): T =>
  schema.check(z.describe(text))

/**
 * Text from a list that later versions may extend: a client takes whatever comes, so that a new
 * word does not keep it from reading the rest.
 */
export const word = (text: string, ...words: readonly string[]) =>
  z.string().check(
    z.maxLength(100),
    z.meta({
      description: `${text}: ${words.map((one) => `\`${one}\``).join(', ')}.`,
      examples: [...words],
    }),
  )

/** UUID of version 7: of a transfer, an envelope, an event, a legal hold. */
export const id = z.string().check(z.regex(ID_PATTERN))

/**
 * Ids of facilities, groups and people in nocturne.yaml: safe in file names, addresses and logs
 * without quoting.
 */
export const PRINCIPAL_ID = /^[a-z0-9][a-z0-9-]{0,62}$/

export const principalId = z.string().check(z.regex(PRINCIPAL_ID))

/** Hexadecimal, lower case. */
export const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/** Of an OpenPGP certificate: 40 digits up to version 5 of the format, 64 from version 6 on. */
export const fingerprint = z.string().check(z.regex(/^[0-9a-f]{40,64}$/))

/** RFC 3339, UTC. */
export const instant = z.iso.datetime()

export const count = z.int().check(z.nonnegative())

/** Numbers items within a transfer. */
export const itemNumber = z.int().check(z.positive())

/** Of an opened item or a data packet. */
export const content = z.strictObject({ sha256, size: count })
export type Content = z.infer<typeof content>

/**
 * What a writer knows of a format whose readers let members pass that they do not know: the named
 * members alone, and read-only. Without this, any misspelt member would be assignable.
 */
export type Named<T> = T extends readonly unknown[]
  ? NamedEach<T>
  : T extends object
    ? string extends keyof T
      ? keyof Known<T> extends never
        ? T
        : Known<T>
      : Known<T>
    : T

type NamedEach<T extends readonly unknown[]> = { readonly [K in keyof T]: Named<T[K]> }

type Known<T> = {
  readonly [K in keyof T as string extends K ? never : K]: Named<T[K]>
}
