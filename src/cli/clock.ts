/**
 * A signature that is refused because two clocks differ looks like a forger's. When the gateway's
 * clock, from the `Date` of its answers, is further away than the allowance, the error says so.
 */
import { CATALOGUE } from '../lib/errors.js'
import { CLOCK_ALLOWANCE_MS } from '../protocol/clock.js'
import { CommandError, toCommandError } from './command-error.js'

export interface Clocks {
  /** Milliseconds since 1970, at the same moment. */
  readonly gateway: number
  readonly here: number
}

/** The errors that a wrong clock can cause. */
const MAY_BE_THE_CLOCK: ReadonlySet<string> = new Set([
  'acknowledgement_invalid',
  'challenge_invalid',
  'edge_signature_invalid',
  'release_invalid',
  'report_invalid',
  'claim_unproven',
  'manifest_not_signed',
  'certificate_not_confirmed',
  'certificate_not_yet_valid',
  'certificate_expired',
  'cannot_open',
  'key_expired',
  'key_cannot_sign',
  'key_not_yet_valid',
  'internal',
])

/** @param date - the header of an answer that has just come */
export function clocksOf(date: string | undefined): Clocks | undefined {
  const gateway = Date.parse(date ?? '')
  return Number.isNaN(gateway) ? undefined : { gateway, here: Date.now() }
}

/** The error as it is, unless the clocks explain it. */
export function blameClocks(clocks: Clocks | undefined, error: unknown): unknown {
  if (!clocks || Math.abs(clocks.here - clocks.gateway) <= CLOCK_ALLOWANCE_MS) return error
  const { code, message } = toCommandError(error)
  if (!MAY_BE_THE_CLOCK.has(code)) return error
  const { title, hint } = CATALOGUE.clocks_differ
  const time = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ')
  const both = `here ${time(clocks.here)}, at the gateway ${time(clocks.gateway)} UTC`
  return new CommandError(`${title}: ${both}`, {
    code: 'clocks_differ',
    hint,
    details: [message],
    cause: error,
  })
}
