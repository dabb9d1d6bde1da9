/** Decides who may do what: one pure function over the table of grants. */
import type { Role } from '../protocol/roles.js'
import { GLOBAL_ACTIONS } from './actions.js'
import { GRANTS } from './grants.js'
import type { Action, Relation } from './actions.js'
import type { Grant } from './grants.js'

export interface Decision {
  readonly allowed: boolean
  /**
   * If false, the answer must be the same as for an object that does not exist. Always true when
   * allowed.
   */
  readonly visible: boolean
  /** The grant that allowed it, or the reason why none did. */
  readonly rule: string
}

const GLOBAL: ReadonlySet<Action> = new Set(GLOBAL_ACTIONS)

const grantFor = (role: Role, action: Action, relation: Relation): Grant | undefined =>
  GRANTS.find(
    (grant) =>
      grant.role === role && grant.actions.includes(action) && grant.relations.includes(relation),
  )

/**
 * Decides from its arguments alone. Lists are filtered with the same function: an entry is shown
 * when `transfer.read` is allowed for it.
 */
export function decide(role: Role, action: Action, relation: Relation): Decision {
  const grant = grantFor(role, action, relation)
  if (grant) return { allowed: true, visible: true, rule: grant.rule }

  // Actions without an object are documented in the README, so there is nothing to hide about them.
  if (GLOBAL.has(action) && relation === 'global')
    return { allowed: false, visible: true, rule: 'not for this role' }

  // A transfer that the caller may not read does not exist for them. Relations that fit neither the
  // action nor the role end here too.
  if (GLOBAL.has(action) || !grantFor(role, 'transfer.read', relation))
    return { allowed: false, visible: false, rule: 'out of sight' }

  if (!grantFor(role, action, 'claimant'))
    return { allowed: false, visible: true, rule: 'not for this role' }
  return {
    allowed: false,
    visible: true,
    rule: relation === 'sealed-to' ? NEEDS_CLAIM : NOT_SEALED,
  }
}

/** The rule of a refusal that holding the claim would change to a grant. */
export const NEEDS_CLAIM = 'they do not hold the claim'
/** The rule of a refusal that a key packet for them would change. */
export const NOT_SEALED = 'not sealed to them'
