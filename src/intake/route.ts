/**
 * Where an instance goes: as its sender asked, else as a rule says, else to the only group. A study
 * for which nothing decides waits for a person.
 */
import type { WAITS } from '../protocol/words.js'
import type { Priority } from '../state/index.js'
import { appliedOf } from './rules.js'
import type { RuleCheck } from './rules.js'

/** Why something waits for its group. */
export type Waits = (typeof WAITS)[number]

export interface Routing {
  /** The rule that applies, if any does. */
  readonly check: RuleCheck | undefined
  /** Undefined when the study waits. */
  readonly group: string | undefined
  readonly waits: Waits | undefined
  readonly priority: Priority
  /** Named by the rule; otherwise the profile of the facility applies. */
  readonly profile: string | undefined
}

export function routing(
  checks: readonly RuleCheck[],
  groups: readonly string[],
  wanted: { readonly group?: string; readonly priority?: Priority } = {},
): Routing {
  const check = appliedOf(checks)
  const { group, priority, profile, hold } = check?.rule.then ?? {}
  const only = groups.length === 1 ? groups[0] : undefined
  const isHeld = hold === true && wanted.group === undefined
  const named = isHeld ? undefined : (wanted.group ?? group ?? only)
  const known = named !== undefined && groups.includes(named) ? named : undefined
  return {
    check,
    group: known,
    waits: known !== undefined ? undefined : isHeld ? 'hold' : 'unmatched',
    priority: wanted.priority ?? priority ?? 'routine',
    profile,
  }
}
