/** Why the provider aborts (PS3.8 Table 9-26, source 2). */
export const AbortReason = {
  unspecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameter: 6,
} as const

export type AbortReason = (typeof AbortReason)[keyof typeof AbortReason]

/**
 * Bytes that are no PDU, or not one that may come now. The answer is an A-ABORT with this reason.
 */
export class PduError extends Error {
  override readonly name = 'PduError'
  readonly reason: AbortReason

  constructor(reason: AbortReason) {
    super('a PDU breaks PS3.8')
    this.reason = reason
  }
}
