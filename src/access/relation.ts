/** From what is known of a transfer to the one word that `decide` takes. */
import { NocturneError } from '../lib/errors.js'
import type { Principal } from '../directory/index.js'
import { NEEDS_CLAIM } from './decide.js'
import type { Decision, Relation } from './decide.js'

/** What must be known of a transfer to tell how somebody stands to it. */
export interface TransferTies {
  readonly facility: string
  readonly group: string
  readonly claimedBy: string | undefined
  /** Principal ids whose certificates it is sealed to; `recovery` may be among them. */
  readonly sealedTo: readonly string[]
}

/**
 * The closest relation that holds. A transfer that is not there (`undefined`) relates to everybody
 * like one that is not theirs. A claim counts only for who can open what was claimed: somebody
 * taken out of the group since has no relation left.
 */
export function relationTo(principal: Principal, transfer: TransferTies | undefined): Relation {
  if (!transfer) return 'none'
  if (principal.role === 'sender')
    return principal.facility !== undefined && principal.facility === transfer.facility
      ? 'own-facility'
      : 'none'
  if (principal.role === 'recovery')
    return transfer.sealedTo.includes(principal.id) ? 'sealed-to' : 'none'
  if (principal.role !== 'reader' || !principal.groups.includes(transfer.group)) return 'none'
  if (!transfer.sealedTo.includes(principal.id)) return 'own-group'
  return transfer.claimedBy === principal.id ? 'claimant' : 'sealed-to'
}

/**
 * What a decision that did not allow is answered with: `not_found`, `not_claimed` or `forbidden`.
 */
export function refusal(decision: Decision): NocturneError {
  if (!decision.visible) return new NocturneError('not_found')
  return new NocturneError(decision.rule === NEEDS_CLAIM ? 'not_claimed' : 'forbidden')
}
