/**
 * Decides by the site's own rules where an instance goes. Pure: the first rule whose conditions all
 * hold applies.
 */
import type { Priority } from '../state/index.js'
import type { InstanceSigns } from './peek.js'

/**
 * Each condition lists the values it accepts, regardless of case. A rule without conditions accepts
 * everything.
 */
export interface IntakeRule {
  readonly when: {
    readonly aeTitle?: readonly string[] | undefined
    readonly facility?: readonly string[] | undefined
    readonly modality?: readonly string[] | undefined
    readonly station?: readonly string[] | undefined
    readonly bodyPart?: readonly string[] | undefined
  }
  readonly then: {
    readonly group?: string | undefined
    readonly priority?: Priority | undefined
  }
}

export interface RuledInstance {
  readonly facility: string
  /** Only for a DIMSE peer. */
  readonly aeTitle: string | undefined
  readonly signs: InstanceSigns
}

export function ruleFor(
  rules: readonly IntakeRule[],
  { facility, aeTitle, signs }: RuledInstance,
): IntakeRule | undefined {
  const { modality, stationName: station, bodyPart } = signs
  const facts = { facility, aeTitle, modality, station, bodyPart }
  return rules.find(({ when }) =>
    CONDITIONS.every((name) => {
      const taken = when[name]
      const value = facts[name]?.toLowerCase()
      return taken === undefined || taken.some((one) => one.toLowerCase() === value)
    }),
  )
}

const CONDITIONS = ['facility', 'aeTitle', 'modality', 'station', 'bodyPart'] as const
