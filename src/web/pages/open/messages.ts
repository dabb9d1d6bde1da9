/** Messages between the page and its worker. */
import type { SealedItem } from './dumped-transfer.js'

/** A transfer whose items must match its manifest. */
export interface WholeTransfer {
  readonly id: string
  readonly manifest: SealedItem
  /** Certificate of the gateway that must have signed the manifest. */
  readonly certificate: string
}

/** Sent to the worker once: it opens all files and ends. */
export interface OpenRequest {
  readonly key: Uint8Array
  readonly passphrase: string | undefined
  /** Individual messages have no number. */
  readonly files: readonly (Omit<SealedItem, 'index'> & { readonly index?: number })[]
  readonly transfer: WholeTransfer | undefined
  /** Destination of opened files. */
  readonly folder: FileSystemDirectoryHandle
}

/** Sent to the worker at any time: it abandons the current file and leaves nothing of it behind. */
export interface StopRequest {
  readonly stop: true
}

/** Faults of the private key, by the names that the command uses as well. */
export const KEY_FAILURES = [
  'key_unreadable',
  'key_is_public',
  'key_several',
  'key_unsupported',
  'key_expired',
  'key_locked',
  'key_passphrase_wrong',
] as const
export type KeyFailure = (typeof KEY_FAILURES)[number]

/** Why a file, or all of them, could not be opened. */
export type Failure =
  | KeyFailure
  | 'cannot_open'
  | 'not_sealed_to_key'
  | 'cannot_write'
  | 'not_signed'
  | 'mismatch'
  | 'stopped'

/** How the items of a whole transfer compare with its manifest. */
export interface Compared {
  /** Numbers of items that are in the manifest but not in the folder. */
  readonly missing: readonly number[]
  /** RFC 3339: as claimed by the signer. */
  readonly signedAt: string
  readonly hasKeyEnded: boolean
}

/** Sent to the page. `file` is an index into the list of the request. */
export type OpenNews =
  | { readonly file: number; readonly bytes: number }
  | { readonly file: number; readonly opened: string; readonly size: number }
  | { readonly file: number; readonly failed: Failure }
  | { readonly ended: true; readonly failed?: Failure; readonly compared?: Compared }
