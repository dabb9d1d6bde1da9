/** Reduces what is known about a transfer to the relation that `decide` takes. */
import { NocturneError } from '../lib/errors.js'
import type { Principal } from '../directory/index.js'
import { NEEDS_CLAIM, NOT_SEALED } from './decide.js'
import type { Decision } from './decide.js'
import type { Relation } from './actions.js'

/** The facts about a transfer that determine how a principal relates to it. */
export interface TransferTies {
  readonly facility: string
  readonly group: string
  readonly claimedBy: string | undefined
  /** IDs of the principals to whose certificates it is sealed; may include `recovery`. */
  readonly sealedTo: readonly string[]
}

/**
 * The closest relation that holds. A transfer that does not exist (`undefined`) has the same
 * relation as one that does not concern the principal. A claim counts only while the principal can
 * open the transfer: a person since removed from the group has no relation.
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
 * The error for a decision that did not allow: `not_found`, `not_claimed`, `not_sealed_to_you` or
 * `forbidden`.
 */
export function refusal(decision: Decision): NocturneError {
  if (!decision.visible) return new NocturneError('not_found')
  if (decision.rule === NEEDS_CLAIM) return new NocturneError('not_claimed')
  return new NocturneError(decision.rule === NOT_SEALED ? 'not_sealed_to_you' : 'forbidden')
}
