/**
 * The lines of a crosswalk: one JSON value per line, in the order in which the items of one request
 * were taken. What many items share stands once and is named by a number, until a line `forget`
 * starts the numbers anew. The last line is the gateway's signature, since anybody can seal
 * something to a facility.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { id, instant } from './words.js'
import type { Named } from './words.js'

/**
 * What a writer names by number at a time, and so what a reader must hold: 4 MiB of elements at
 * most.
 */
export const MAX_SHARED = 2_000
export const MAX_SHARED_BYTES = 4 << 20
/** Pairs in one line, and the longest line that a reader takes. */
export const PAIRS_A_LINE = 200
export const MAX_LINE_CHARS = 1 << 20

const uid = z.string().check(z.regex(/^[^\\\0]{1,128}$/))
const text = z.string().check(z.maxLength(100_000))
/** It becomes part of a pattern. */
const code = z.string().check(z.regex(/^[A-Z0-9]{1,16}$/))
const number = z.int().check(z.positive())

const head = z.object({
  type: z.literal('crosswalk'),
  v: z.literal(1),
  gateway: text,
  facility: text,
  transfer: id,
  envelope: id,
  /** Public id of the facility's secret that the UIDs come from. */
  key: text,
  profile: text,
  createdAt: instant,
})

const line = z.discriminatedUnion('type', [
  head,
  z.object({
    type: z.literal('patient'),
    code,
    shiftSeconds: z.int(),
    patientId: text,
    issuer: text,
    patientName: text,
    birthDate: text,
  }),
  /** Original and new UID. */
  z.object({
    type: z.literal('uids'),
    pairs: z.array(z.tuple([uid, uid])).check(z.maxLength(1_000)),
  }),
  /** A data element before it was changed: explicit VR little endian in base64. */
  z.object({
    type: z.literal('element'),
    n: number,
    set: text,
    bytes: z.base64().check(z.maxLength(1 << 20)),
  }),
  z.object({ type: z.literal('forget') }),
  z.object({
    type: z.literal('item'),
    // New UIDs.
    study: uid,
    series: uid,
    instance: uid,
    code,
    elements: z.array(number).check(z.maxLength(20_000)),
    omitted: z.array(text).check(z.maxLength(20_000)),
  }),
  z.object({
    type: z.literal('signature'),
    signedAt: instant,
    /** Armored detached OpenPGP signature of the statement below. */
    signature: text,
  }),
])

type Line = Named<z.infer<typeof line>>
export type CrosswalkSignature = Extract<Line, { readonly type: 'signature' }>
export type CrosswalkLine = Exclude<Line, CrosswalkSignature>
export type CrosswalkHead = Omit<Named<z.infer<typeof head>>, 'type' | 'v'>

export const writeCrosswalkLine = (one: Line): string => `${JSON.stringify(one)}\n`

/** Without its line feed. Undefined when it is none: the reason would quote the line. */
export function readCrosswalkLine(one: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(one)).data
  } catch {
    return undefined
  }
}

/**
 * Canonical JSON (RFC 8785): the octets that are signed. `sha256` is over the octets of all lines
 * before the signature, hexadecimal; `signedAt` RFC 3339, UTC, milliseconds.
 */
export const crosswalkStatement = (
  { gateway, facility, transfer, envelope }: CrosswalkHead,
  sha256: string,
  signedAt: string,
): string =>
  canonicalJson({
    v: 1,
    type: 'nocturne-crosswalk',
    ...{ gateway, facility, transfer, envelope, sha256, signedAt },
  })
