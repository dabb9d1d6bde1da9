/**
 * Who is notified about a critical result, and when: the facility's contacts in order, then the
 * fail-safe. The steps share the time that the level allows, so the fail-safe is told before the
 * target is missed, and again and again after that.
 */
import type { EscalationStep } from '../cases/index.js'
import type { CriticalLevel } from '../protocol/critical.js'
import type { CriticalRules } from './contract.js'

const MINUTE_MS = 60_000
const REPEAT_MS: Readonly<Record<CriticalLevel, number>> = {
  minutes: 5 * MINUTE_MS,
  hours: 30 * MINUTE_MS,
  days: 240 * MINUTE_MS,
}

export function chainFor(
  { contacts, failSafe, withinMs }: CriticalRules,
  level: CriticalLevel,
): readonly EscalationStep[] {
  const share = Math.floor(withinMs[level] / (contacts.length + 1))
  return [
    ...contacts.map((audience, at) => ({ afterMs: at * share, audience })),
    {
      afterMs: contacts.length * share,
      audience: failSafe,
      repeatMs: REPEAT_MS[level],
    },
  ]
}

/** While a read-back waits to be compared, the reader who wrote the finding is told first. */
export const comparingChain = (
  { failSafe }: CriticalRules,
  author: string,
  level: CriticalLevel,
): readonly EscalationStep[] => [
  { afterMs: 0, audience: { person: author } },
  { afterMs: 5 * MINUTE_MS, audience: 'duty' },
  { afterMs: 10 * MINUTE_MS, audience: failSafe, repeatMs: REPEAT_MS[level] },
]
