import { canonicalJson } from './json.js'

/**
 * The lines of a crosswalk: JSON, one a line, in the order in which the items of one request were taken. What many items
 * share stands once and is named by a number, until a line `forget` says that the numbers begin anew.
 */
export type CrosswalkLine =
  | {
      readonly type: 'crosswalk'
      readonly v: 1
      readonly gateway: string
      readonly facility: string
      readonly transfer: string
      readonly envelope: string
      /** Public id of the facility's secret that the UIDs come from. */
      readonly key: string
      readonly profile: string
      readonly createdAt: string
    }
  | {
      readonly type: 'patient'
      readonly code: string
      readonly shiftSeconds: number
      readonly patientId: string
      readonly issuer: string
      readonly patientName: string
      readonly birthDate: string
    }
  /** Original and new UID. */
  | { readonly type: 'uids'; readonly pairs: readonly (readonly [string, string])[] }
  /** A data element before it was changed: explicit VR little endian in base64. */
  | { readonly type: 'element'; readonly n: number; readonly set: string; readonly bytes: string }
  | { readonly type: 'forget' }
  | {
      readonly type: 'item'
      /** New UIDs. */
      readonly study: string
      readonly series: string
      readonly instance: string
      readonly code: string
      readonly elements: readonly number[]
      readonly omitted: readonly string[]
    }

/**
 * The last line: the gateway's signature, since anybody can seal something to a facility. It is over the statement below, which
 * names the octets of all lines before it.
 */
export interface CrosswalkSignature {
  readonly type: 'signature'
  /** RFC 3339, UTC, milliseconds. */
  readonly signedAt: string
  /** Armored detached OpenPGP signature. */
  readonly signature: string
}

export type CrosswalkHead = Omit<CrosswalkLine & { readonly type: 'crosswalk' }, 'type' | 'v'>

/** Canonical JSON (RFC 8785): the octets that are signed. `sha256` is hexadecimal. */
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

/** What a writer names by number at a time, and so what a reader must hold: 4 MiB of elements at most. */
export const MAX_SHARED = 2_000
export const MAX_SHARED_BYTES = 4 << 20
/** Pairs of one line, and the longest line that a reader takes. */
export const PAIRS_A_LINE = 200
export const MAX_LINE_CHARS = 1 << 20
