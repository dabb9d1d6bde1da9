/** Checks of business associate agreements and of vendors. */
import { noneOf, onRegister, unknown } from '../check.js'
import type { Check, Outcome } from '../check.js'
import type { Facts, RegisterFacts } from '../facts.js'
import { agreementOf, inForce, isOver, isSet, isUnanswered, notEnded, textOf } from '../in-force.js'
import type { RegisterEntry } from '../kinds.js'
import { addStep, alsoFor, amendFirst } from '../steps.js'

/** The facilities and groups in the configuration, and vendors that handle PHI. */
function partiesOf(registers: RegisterFacts, { configuration, at }: Facts): readonly string[] {
  const vendors = notEnded(registers.entries.vendor, at)
    .filter((one) => isSet(one, 'handlesPhi'))
    .map(({ subject }) => subject)
  const own = new Set(
    notEnded(registers.entries.organisation, at)
      .filter((one) => isSet(one, 'own'))
      .map(({ subject }) => subject),
  )
  const { facilities = [], groups = [] } = configuration ?? {}
  return [...new Set([...facilities, ...groups].map(({ id }) => id).concat(vendors))].filter(
    (id) => !own.has(id),
  )
}

const overParties = (
  registers: RegisterFacts,
  facts: Facts,
  texts: { readonly ok: string; readonly bad: string },
  isAtFault: (party: string) => boolean,
): Outcome => {
  if (!facts.configuration)
    return unknown('the configuration could not be read', 'correct nocturne.yaml')
  const parties = partiesOf(registers, facts)
  const faults = parties.filter(isAtFault)
  const [party = 'ID', ...others] = faults
  const next = `sign one that has these terms, then: ${addStep('agreement', { party })}${alsoFor(others)}`
  return noneOf(faults, { ...texts, next }, { parties })
}

const term = (id: string, field: (typeof TERMS)[number], what: string): Check =>
  onRegister({
    id,
    title: `Each agreement ${what}`,
    run: (registers, { at }) => {
      const agreements = inForce(registers.entries.agreement, at)
      const without = agreements.filter((one) => !isSet(one, field))
      const shown = { agreements: agreements.length, without: without.length }
      if (agreements.length === 0)
        return noneOf(['none in force'], { ok: '', bad: 'agreements', next: ADD_AGREEMENT }, shown)
      return noneOf(
        without.map(({ subject }) => subject),
        {
          ok: `${agreements.length} agreements in force contain the term`,
          bad: 'agreements without the term',
          next: `amend the agreement, then: ${amended(without, at)}`,
        },
        shown,
      )
    },
  })

const ADD_AGREEMENT = `sign one with each party, then: ${addStep('agreement')}`

const TERMS = ['safeguards', 'subcontractors', 'reportsIncidents', 'returnsPhi'] as const

/** Everything that the entry lacks, in one step: a second one would name a replaced entry. */
const lacking = (agreement: RegisterEntry, at: number): Readonly<Record<string, string>> => ({
  ...(textOf(agreement, 'document') === '' && { document: 'SHA256' }),
  ...(isOver(agreement, 'review', at) && { review: 'DATE' }),
  ...Object.fromEntries(
    TERMS.filter((term) => !isSet(agreement, term)).map((term) => [term, 'yes']),
  ),
})

const amended = (faults: readonly RegisterEntry[], at: number): string =>
  amendFirst(faults, (one) => lacking(one, at)) ?? ''

export const AGREEMENTS: readonly Check[] = [
  onRegister({
    id: 'agreements-in-force',
    title: 'An agreement is in force with every facility, group and vendor that handles PHI',
    run: (registers, facts) =>
      overParties(
        registers,
        facts,
        {
          ok: 'there is an agreement in force with each',
          bad: 'no agreement in force with',
        },
        (party) => agreementOf(registers.entries.agreement, party, facts.at) === undefined,
      ),
  }),
  onRegister({
    id: 'agreements-documented',
    title: 'Each agreement in force names its document and is not overdue for review',
    run: (registers, { at }) => {
      const agreements = inForce(registers.entries.agreement, at)
      const faults = agreements.filter(
        (one) => textOf(one, 'document') === '' || isOver(one, 'review', at),
      )
      const shown = { agreements: agreements.length }
      if (agreements.length === 0)
        return noneOf(['none in force'], { ok: '', bad: 'agreements', next: ADD_AGREEMENT }, shown)
      return noneOf(
        faults.map(({ subject }) => subject),
        {
          ok: `${agreements.length} agreements, each with the digest of its document`,
          bad: 'agreements without a document, or overdue for review',
          next: `review it, then: ${amended(faults, at)}`,
        },
        shown,
      )
    },
  }),
  term('agreement-safeguards', 'safeguards', 'requires the safeguards of the Security Rule'),
  term('agreement-subcontractors', 'subcontractors', 'binds subcontractors to the same terms'),
  term('agreement-incidents', 'reportsIncidents', 'requires that incidents are reported'),
  term('agreement-return', 'returnsPhi', 'defines what happens to PHI when it ends'),
  onRegister({
    id: 'vendors-questioned',
    title: 'Vendors that handle PHI have answered the due-diligence questions',
    run: (registers, { at }) => {
      const vendors = notEnded(registers.entries.vendor, at).filter((one) =>
        isSet(one, 'handlesPhi'),
      )
      const faults = vendors.filter((one) => isUnanswered(one, at))
      const step = amendFirst(faults, () => ({ questions: 'DATE', review: 'DATE' })) ?? ''
      return noneOf(
        faults.map(({ subject }) => subject),
        {
          ok: `${vendors.length} vendors handle PHI, each questioned`,
          bad: 'vendors not questioned, or overdue for review',
          next: `ask the vendor, then: ${step}`,
        },
        { vendors: vendors.map(({ subject }) => subject) },
      )
    },
  }),
]
