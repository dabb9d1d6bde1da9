/** Where an instance goes: as its sender asked, else as a rule says, else to the only group. */
import type { Priority } from '../state/index.js'
import { appliedOf } from './rules.js'
import type { RuleCheck } from './rules.js'

export interface Routing {
  /** The rule that applies, if any does. */
  readonly check: RuleCheck | undefined
  /** Undefined when nothing decides between the facility's groups. */
  readonly group: string | undefined
  readonly priority: Priority
}

export function routing(
  checks: readonly RuleCheck[],
  groups: readonly string[],
  wanted: { readonly group?: string; readonly priority?: Priority } = {},
): Routing {
  const check = appliedOf(checks)
  const { group, priority } = check?.rule.then ?? {}
  const only = groups.length === 1 ? groups[0] : undefined
  const named = wanted.group ?? group ?? only
  return {
    check,
    group: named !== undefined && groups.includes(named) ? named : undefined,
    priority: wanted.priority ?? priority ?? 'routine',
  }
}
