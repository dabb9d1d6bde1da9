/**
 * The lines of a crosswalk: one JSON value per line, in the order in which the items of one request
 * were processed. Values shared by many items appear once and are referred to by number, until a
 * `forget` line restarts the numbering. The last line is the gateway's signature, since anyone can
 * seal data to a facility.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { id, instant } from './words.js'
import type { Named } from './words.js'

/**
 * How much a writer may refer to by number at a time, and so how much a reader must hold: at most 4
 * MiB of elements.
 */
export const MAX_SHARED = 2_000
export const MAX_SHARED_BYTES = 4 << 20
/** Pairs per line, and the longest line that a reader accepts. */
export const PAIRS_A_LINE = 200
export const MAX_LINE_CHARS = 1 << 20

const uid = z.string().check(z.regex(/^[^\\\0]{1,128}$/))
const text = z.string().check(z.maxLength(100_000))
/** It becomes part of a regular expression. */
const code = z.string().check(z.regex(/^[A-Z0-9]{1,16}$/))
const number = z.int().check(z.positive())

const head = z.object({
  type: z.literal('crosswalk'),
  v: z.literal(1),
  gateway: text,
  facility: text,
  transfer: id,
  envelope: id,
  /** Public ID of the facility secret that the UIDs are derived from. */
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

/**
 * Takes a line without its line feed. Undefined when it is malformed; no reason is given, since it
 * would quote the line.
 */
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
