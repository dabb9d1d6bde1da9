import { systemCode } from '../../lib/errors.js'

/**
 * `unreachable`: no connection, or it was lost. `refused`: one side rejected the other's
 * certificate. `unconfirmed`: the receiver took the bytes but did not close the connection when we
 * did, so it is unknown how much it has read.
 */
export type SinkProblem = 'unreachable' | 'refused' | 'unconfirmed'

/** Why a batch does not count as delivered. */
export class SinkError extends Error {
  override readonly name = 'SinkError'
  readonly problem: SinkProblem
  /** Error code of the system or of OpenSSL, if there is one, for the operator. */
  readonly system: string | undefined

  constructor(problem: SinkProblem, cause?: unknown) {
    super(problem)
    this.problem = problem
    this.system = systemCode(cause)
  }
}

/**
 * Whether OpenSSL's or Node's error code means that one side rejected the other's certificate; all
 * other codes are network errors.
 */
export const isTrust = (error: unknown): boolean =>
  /CERT|SSL|TLS|ISSUER|SIGNATURE|CHAIN/.test(systemCode(error) ?? '')
