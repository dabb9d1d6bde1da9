/** What the page and its worker tell each other. */

/** To the worker, once: it opens all files and ends. */
export interface OpenRequest {
  readonly key: Uint8Array
  readonly passphrase: string | undefined
  readonly files: readonly File[]
  /** Where opened files go. */
  readonly folder: FileSystemDirectoryHandle
}

/** To the worker, at any time: the file under way is given up, and nothing of it stays. */
export interface StopRequest {
  readonly stop: true
}

/** Why a file, or all of them, could not be opened. */
export type Failure = 'key_unreadable' | 'key_locked' | 'cannot_open' | 'cannot_write' | 'stopped'

/** To the page. `file` is a place in the list of the request. */
export type OpenNews =
  | { readonly file: number; readonly bytes: number }
  | { readonly file: number; readonly opened: string; readonly size: number }
  | { readonly file: number; readonly failed: Failure }
  | { readonly ended: true; readonly failed?: Failure }
