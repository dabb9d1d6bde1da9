/**
 * Decides by the site's own rules where an instance goes. Pure: the first rule whose conditions all
 * hold applies.
 */
import { addressList } from '../lib/net/networks.js'
import type { Priority } from '../state/index.js'
import { isWithin, localText, localTimeIn } from './local-time.js'
import type { WeeklyHours } from './local-time.js'
import type { InstanceSigns } from './peek.js'

/**
 * Each condition lists what it accepts, regardless of case. A rule without conditions accepts
 * everything.
 */
export interface IntakeRule {
  readonly when: {
    readonly aeTitle?: readonly string[] | undefined
    readonly facility?: readonly string[] | undefined
    readonly modality?: readonly string[] | undefined
    readonly station?: readonly string[] | undefined
    readonly bodyPart?: readonly string[] | undefined
    /** Addresses, or networks with a prefix length. */
    readonly address?: readonly string[] | undefined
    /** In the site's time zone. */
    readonly hours?: readonly WeeklyHours[] | undefined
  }
  readonly then: {
    readonly group?: string | undefined
    readonly priority?: Priority | undefined
    /** De-identifies the study, instead of the profile of its facility. */
    readonly profile?: string | undefined
    /** The study waits until a person names its group. */
    readonly hold?: boolean | undefined
  }
}

export interface RuledInstance {
  readonly facility: string
  /** Only for a DIMSE peer. */
  readonly aeTitle: string | undefined
  /** From which it was sent. */
  readonly address: string | undefined
  readonly signs: InstanceSigns
  /** Milliseconds since 1970. */
  readonly at: number
}

/** How one rule judged an instance. */
export interface RuleCheck {
  /** Position of the rule, from 0. */
  readonly index: number
  readonly rule: IntakeRule
  /** Conditions that do not hold, each with what was found; none when the rule applies. */
  readonly unmet: readonly { readonly condition: string; readonly found: string | undefined }[]
}

/** The rules up to the first that applies, or all of them when none does. */
export type CheckRules = (instance: RuledInstance) => readonly RuleCheck[]

/** @param timezone IANA name of the zone that `hours` are in */
export function createRules(rules: readonly IntakeRule[], timezone: string): CheckRules {
  const localTime = localTimeIn(timezone)
  const compiled = rules.map((rule, index) => ({ rule, index, tests: testsOf(rule) }))
  return (instance) => {
    const facts = factsOf(instance, () => localTime(instance.at))
    const checks: RuleCheck[] = []
    for (const { rule, index, tests } of compiled) {
      const unmet = tests.flatMap(({ condition, holds }) =>
        holds(facts) ? [] : [{ condition, found: foundIn(facts, condition) }],
      )
      checks.push({ rule, index, unmet })
      if (unmet.length === 0) break
    }
    return checks
  }
}

/** The rule that applies, if any does. */
export const appliedOf = (checks: readonly RuleCheck[]): RuleCheck | undefined => {
  const last = checks.at(-1)
  return last?.unmet.length === 0 ? last : undefined
}

const WORDS = ['facility', 'aeTitle', 'modality', 'station', 'bodyPart'] as const

type Facts = ReturnType<typeof factsOf>

const factsOf = (
  { facility, aeTitle, address, signs }: RuledInstance,
  localTime: () => ReturnType<ReturnType<typeof localTimeIn>>,
) => ({
  words: {
    ...{ facility, aeTitle, modality: signs.modality },
    ...{ station: signs.stationName, bodyPart: signs.bodyPart },
  },
  address,
  localTime,
})

interface Test {
  readonly condition: string
  readonly holds: (facts: Facts) => boolean
}

function testsOf({ when }: IntakeRule): readonly Test[] {
  const words = WORDS.flatMap((condition): Test[] => {
    const accepted = when[condition]?.map((one) => one.toLowerCase())
    const holds = ({ words: found }: Facts) =>
      accepted?.includes(found[condition]?.toLowerCase() ?? '') === true
    return accepted ? [{ condition, holds }] : []
  })
  const { address, hours } = when
  const isFrom = address && addressList(address)
  return [
    ...words,
    ...(isFrom
      ? [{ condition: 'address', holds: (facts: Facts) => isFrom(facts.address ?? '') }]
      : []),
    ...(hours
      ? [{ condition: 'hours', holds: (facts: Facts) => isWithin(hours, facts.localTime()) }]
      : []),
  ]
}

function foundIn({ words, address, localTime }: Facts, condition: string): string | undefined {
  if (condition === 'hours') return localText(localTime())
  if (condition === 'address') return address
  const name = WORDS.find((one) => one === condition)
  return name && words[name]
}
