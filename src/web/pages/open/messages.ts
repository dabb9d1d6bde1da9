/** What the page and its worker tell each other. */
import type { SealedItem } from './dumped-transfer.js'

/** A transfer whose items must be those of its manifest. */
export interface WholeTransfer {
  readonly id: string
  readonly manifest: SealedItem
  /** Of the gateway whose signature the manifest must have. */
  readonly certificate: string
}

/** To the worker, once: it opens all files and ends. */
export interface OpenRequest {
  readonly key: Uint8Array
  readonly passphrase: string | undefined
  /** Loose messages have no number. */
  readonly files: readonly (Omit<SealedItem, 'index'> & { readonly index?: number })[]
  readonly transfer: WholeTransfer | undefined
  /** Where opened files go. */
  readonly folder: FileSystemDirectoryHandle
}

/** To the worker, at any time: the file under way is given up, and nothing of it stays. */
export interface StopRequest {
  readonly stop: true
}

/** Why a file, or all of them, could not be opened. */
export type Failure =
  | 'key_unreadable'
  | 'key_locked'
  | 'cannot_open'
  | 'cannot_write'
  | 'not_signed'
  | 'mismatch'
  | 'stopped'

/** How the items of a whole transfer compare with its manifest. */
export interface Compared {
  /** Numbers of items that the manifest names and the folder does not have. */
  readonly missing: readonly number[]
  /** RFC 3339: the signer's word. */
  readonly signedAt: string
  readonly hasKeyEnded: boolean
}

/** To the page. `file` is a place in the list of the request. */
export type OpenNews =
  | { readonly file: number; readonly bytes: number }
  | { readonly file: number; readonly opened: string; readonly size: number }
  | { readonly file: number; readonly failed: Failure }
  | { readonly ended: true; readonly failed?: Failure; readonly compared?: Compared }
