/** Reasons for an abort by the service provider (PS3.8 Table 9-26, source 2). */
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
 * The bytes are not a PDU, or not one allowed at this point. The response is an A-ABORT with this
 * reason.
 */
export class PduError extends Error {
  override readonly name = 'PduError'
  readonly reason: AbortReason

  constructor(reason: AbortReason) {
    super('a PDU breaks PS3.8')
    this.reason = reason
  }
}
