import { systemCode } from '../../lib/errors.js'

/**
 * unreachable: nobody answers, or no longer. refused: one of us does not trust the other.
 * unconfirmed: it took the bytes and did not close the connection when we did, so that nobody knows
 * what it has read.
 */
export type SinkProblem = 'unreachable' | 'refused' | 'unconfirmed'

/** Why a batch does not count as taken. */
export class SinkError extends Error {
  override readonly name = 'SinkError'
  readonly problem: SinkProblem
  /** The system's or OpenSSL's code, when there is one: for the operator. */
  readonly system: string | undefined

  constructor(problem: SinkProblem, cause?: unknown) {
    super(problem)
    this.problem = problem
    this.system = systemCode(cause)
  }
}

/**
 * OpenSSL's and Node's codes for a certificate that one of us does not take; the others are the
 * network's.
 */
export const isTrust = (error: unknown): boolean =>
  /CERT|SSL|TLS|ISSUER|SIGNATURE|CHAIN/.test(systemCode(error) ?? '')
