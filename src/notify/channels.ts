import type { Notice } from './notice.js'

export interface Sending {
  /** The same each time that it is tried. */
  readonly id: string
  readonly person: string
  readonly notice: Notice
}

/** A code of ours, such as `unreachable` or `status-503`; never a server's text. */
export interface SendFailure {
  readonly code: string
  /** It can never succeed, as with an address that is gone: not tried again. */
  readonly isFinal: boolean
}

/** Tries once, within seconds. Never throws; undefined when it was sent. */
export type SendOne = (sending: Sending) => Promise<SendFailure | undefined>

export const sendFailure = (code: string, isFinal = false): SendFailure => ({ code, isFinal })
