import type { Notice } from './notice.js'

export interface Sending {
  /** The same for every attempt. */
  readonly id: string
  readonly person: string
  readonly notice: Notice
}

/** A code of our own, such as `unreachable` or `status-503`; never text from a server. */
export interface SendFailure {
  readonly code: string
  /** Retrying cannot succeed, for instance because the address no longer exists. */
  readonly isFinal: boolean
}

/** Makes one attempt, within seconds. Never throws; undefined when it was sent. */
export type SendOne = (sending: Sending) => Promise<SendFailure | undefined>

export const sendFailure = (code: string, isFinal = false): SendFailure => ({ code, isFinal })
