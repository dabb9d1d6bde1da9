/** What the form door takes from its caller, and what it hands over. */
import type { Part } from '../../receive/index.js'

/** The form fields sent before the files: bounded in length, otherwise unchecked. */
export interface FormFields {
  readonly group?: string
  readonly priority?: string
  readonly complete?: string
  /** The case that the transfer joins: its ID, its code, or the ID of one of its transfers. */
  readonly case?: string
  /** States that the same files are being sent again intentionally. */
  readonly again?: string
  /** Number of files of this study that the sender has but could not send. */
  readonly missing?: string
  readonly statement?: string
  readonly signature?: string
}

export interface FormLimits {
  /** Maximum number of parts named `files` in one request. */
  readonly requestItems: number
  /** Time within which a client must send 8 KiB, counted only while we wait for it. */
  readonly idleSeconds: number
  /** Bytes per second, on average over the upload; unbounded by default. */
  readonly slowestBytes?: number
  /**
   * Allowed fields, with the maximum length of each in characters; defaults to those of a transfer.
   */
  readonly fields?: ReadonlyMap<string, number>
}

/** Receives an upload. Calls never overlap; an error from any of them ends the upload. */
export interface FormSink {
  /** Called once, before a byte of the first file is read. Throw to refuse the request. */
  begin(fields: FormFields): Promise<unknown>
  /**
   * Called for each file in order. Its bytes must be read before the promise resolves; the rest is
   * discarded. They throw NocturneError when the upload fails, so that a call that is still reading
   * ends soon.
   */
  part(part: Part): Promise<unknown>
}
