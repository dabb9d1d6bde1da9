/**
 * Building blocks of the formats: what an ID, a digest or an instant looks like in all of them.
 */
import * as z from 'zod/mini'
import { ID_PATTERN } from '../lib/id-pattern.js'
import { isRealDate } from '../lib/real-date.js'

/** The schema with a description, which the reference shows. */
export const about = <T extends z.ZodMiniType>(text: string, schema: T): T =>
  schema.check(z.describe(text))

/**
 * Text from a list that later versions may extend: a client accepts any text, so that a new word
 * does not keep it from reading the rest.
 */
export const word = (text: string, ...words: readonly string[]) =>
  z.string().check(
    z.maxLength(100),
    z.meta({
      description: `${text}: ${words.map((one) => `\`${one}\``).join(', ')}.`,
      examples: [...words],
    }),
  )

/** UUID of version 7: the ID of a transfer, an envelope, an event or a legal hold. */
export const id = z.string().check(z.regex(ID_PATTERN))

/**
 * IDs of facilities, groups and people in nocturne.yaml: safe in file names, addresses and logs
 * without quoting.
 */
export const PRINCIPAL_ID = /^[a-z0-9][a-z0-9-]{0,62}$/

export const principalId = z.string().check(z.regex(PRINCIPAL_ID))

/** The only fields of a requisition that reach a reader. */
export const REQUISITION_FIELDS = [
  'procedure',
  'reason',
  'question',
  'contrast',
  'history',
  'callback',
] as const
export type RequisitionField = (typeof REQUISITION_FIELDS)[number]

/** Stands in place of a group while nobody has named one; no group can have this ID. */
export const NO_GROUP = '-'

/**
 * Nothing names a group of the facility; a rule holds the study for a person; or a requisition has
 * come before its study.
 */
export const WAITS = ['unmatched', 'hold', 'requisition'] as const

/**
 * Prior studies of a case: being looked for at the PACS of the facility, arriving, all there, not
 * all there, not to be had because the PACS cannot be asked, or never asked for because the gateway
 * was restarted.
 */
export const PRIOR_STATES = [
  'asking',
  'arriving',
  'complete',
  'incomplete',
  'failed',
  'lost',
] as const

/** Hexadecimal, lower case. */
export const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/** Fingerprint of an OpenPGP certificate: 40 digits for versions up to 5, 64 from version 6. */
export const fingerprint = z.string().check(z.regex(/^[0-9a-f]{40,64}$/))

/** OpenPGP certificate, armored. */
export const certificate = z.string().check(z.maxLength(1_100_000))

/** Somebody to whom a client seals a message. */
export const recipient = z.looseObject({ id: principalId, fingerprint, certificate })

/** RFC 3339, UTC. */
export const instant = z.iso.datetime()

/** In what is signed, which has one form only: RFC 3339, UTC, milliseconds. */
export const statedInstant = z
  .string()
  .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), z.refine(isRealDate))

export const count = z.int().check(z.nonnegative())

/** Number of an item within its transfer. */
export const itemNumber = z.int().check(z.positive())

/**
 * Held items that one statement decides about: at most the items of one upload. A release of that
 * many has about 500 KB.
 */
export const MOST_DECIDED = 2_000

/** Size in bytes of an opened item or a data packet. */
export const content = z.strictObject({ sha256, size: count })
export type Content = z.infer<typeof content>

/**
 * The type that writers use for a format whose readers accept unknown members: only the named
 * members, read-only. Without this, a misspelt member could be assigned.
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
