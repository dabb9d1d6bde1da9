/**
 * Messages between a page and the worker that has the private key. The worker signs only what it
 * composes or has read itself: a page cannot have it sign any other text.
 */
import type { Manifest, ManifestItem } from '../../../protocol/manifest.js'

/** A certificate with which the gateway signs, or signed until a moment (RFC 3339). */
export interface Signer {
  readonly certificate: string
  readonly until?: string
}

export interface Unlock {
  readonly do: 'unlock'
  readonly key: Uint8Array
  readonly passphrase: string | undefined
}

/** The challenge is signed only if it names this origin and this principal. */
export interface SignIn {
  readonly do: 'sign in'
  readonly challenge: string
  readonly origin: string
  readonly principal: string
}

/** The proof that the key opens the case. */
export interface Prove {
  readonly do: 'prove'
  readonly gateway: string
  readonly reader: string
  readonly challenge: {
    readonly case: string
    readonly transfer: string
    readonly nonce: string
    /** Base64. */
    readonly sealed?: string | undefined
  }
  readonly manifest: Uint8Array
}

/** Opens the manifest of a transfer, and remembers it for `open` and `acknowledge`. */
export interface ReadManifest {
  readonly do: 'manifest'
  readonly sealed: Uint8Array
  readonly transfer: string
  readonly gateway: string
  readonly signers: readonly Signer[]
}

/** Opens an item of a manifest that was read; content and data packet must match it. */
export interface OpenItem {
  readonly do: 'open'
  readonly transfer: string
  readonly index: number
  readonly message: Uint8Array
}

/** Signs that every item of the transfer was opened; refused otherwise. */
export interface Acknowledge {
  readonly do: 'acknowledge'
  readonly transfer: string
  readonly reader: string
}

export type KeyRequest = Unlock | SignIn | Prove | ReadManifest | OpenItem | Acknowledge

export interface KeyResults {
  unlock: { readonly fingerprint: string }
  'sign in': { readonly signature: string }
  prove:
    | { readonly nonce: string; readonly signature: string }
    | { readonly nonce: string; readonly answer: string }
  manifest: {
    readonly manifest: Manifest
    readonly signedAt: string
    readonly hasKeyEnded: boolean
  }
  open: { readonly item: ManifestItem; readonly content: Uint8Array }
  acknowledge: { readonly statement: string; readonly signature: string }
}

/** What failed, by the codes of the catalogue. */
export type KeyAnswer =
  | { readonly id: number; readonly result: KeyResults[keyof KeyResults] }
  | { readonly id: number; readonly failed: string }

export interface KeyCall {
  readonly id: number
  readonly request: KeyRequest
}
