/** Checks of policies, plans and risk assessments, and of the actions that follow from them. */
import { dayOf, failed, noneOf, onRegister, satisfied, undecided, unknown } from '../check.js'
import type { Check } from '../check.js'
import type { Facts } from '../facts.js'
import { inForce, isSet, listOf, notEnded, policiesFor, textOf } from '../in-force.js'
import type { RegisterEntry } from '../kinds.js'
import { addStep, amendFirst, amendStep } from '../steps.js'

/** What a document of each type is about. */
const COVERED: Readonly<Record<string, string>> = {
  'risk-analysis': '164.308(a)(1)(ii)(A)',
  plan: '164.308(a)(7)',
  'criticality-analysis': '164.308(a)(7)(ii)(E)',
  'access-review': '164.308(a)(4)',
}

const addPolicy = (type: string, covers: string): string =>
  `write it, have it approved, then: ${addStep('policy', { type, covers })}`

const isOld = ({ until = '' }: RegisterEntry, at: number): boolean => until < dayOf(at)

/** Everything that the entry lacks, in one step: a second one would name a replaced entry. */
const lacking = (policy: RegisterEntry, facts: Facts): Readonly<Record<string, string>> => {
  const people = (facts.configuration?.people ?? []).map(({ id }) => id)
  const isRead = people.every((id) => listOf(policy, 'acknowledged').includes(id))
  return {
    ...(isOld(policy, facts.at) && { version: 'VERSION', review: 'DATE' }),
    ...(textOf(policy, 'document') === '' && { document: 'SHA256' }),
    ...(!isRead && { acknowledged: people.join(',') }),
  }
}

/** For the first policy at fault; a new entry where none is registered. */
const correction = (faults: readonly RegisterEntry[], facts: Facts): string =>
  amendFirst(faults, (one) => lacking(one, facts)) ?? addStep('policy', { covers: '164.308' })

/** Checks that a document of this type is in force. */
const documentOf = (id: string, type: string, title: string): Check =>
  onRegister({
    id,
    title,
    run: ({ entries }, { at }) => {
      const found = inForce(entries.policy, at).filter((one) => textOf(one, 'type') === type)
      return found.length > 0
        ? satisfied(`${found.map(({ subject }) => subject).join(', ')} in force`, {
            documents: found.map(({ subject, until }) => ({ subject, until: until ?? null })),
          })
        : failed(`no ${type} in force`, addPolicy(type, COVERED[type] ?? '164.308'), {
            documents: [],
          })
    },
  })

/** Not applicable if the site's own organisation is declared not to be of this type. */
const notOwn = (id: string, field: string, what: string): Check =>
  onRegister({
    id,
    title: `The organisation states whether it is ${what}`,
    run: ({ entries }, { at }) => {
      const own = notEnded(entries.organisation, at).filter((one) => isSet(one, 'own'))
      if (own.length === 0)
        return failed(
          'the register does not state who operates this gateway',
          `state it: ${addStep('organisation')}`,
          null,
        )
      if (!own.some((one) => isSet(one, field)))
        return {
          verdict: 'not-applicable',
          says: `${own.map(({ subject }) => subject).join(', ')} is not ${what}`,
          shown: { own: own.map(({ subject }) => subject), [field]: false },
        }
      return undecided(
        `it is ${what}: a person must state how the rule is met`,
        'state it for each row with nocturne assess state',
        { [field]: true },
      )
    },
  })

export const DOCUMENTS: readonly Check[] = [
  documentOf('risk-analysis', 'risk-analysis', 'A risk analysis is in force'),
  documentOf('contingency-plan', 'plan', 'A contingency plan is in force'),
  documentOf(
    'criticality-analysis',
    'criticality-analysis',
    'It is documented which applications and data are most critical',
  ),
  documentOf('access-review', 'access-review', 'Access has been reviewed on schedule'),
  onRegister({
    id: 'sanction-policy',
    title: 'A sanctions policy is in force',
    run: ({ entries }, { at }) => {
      const found = policiesFor(entries.policy, '164.308(a)(1)(ii)(C)', at)
      return found.length > 0
        ? satisfied(`${found.map(({ subject }) => subject).join(', ')} in force`, {
            sanctions: entries.sanction.length,
          })
        : failed('no sanctions policy in force', addPolicy('policy', '164.308(a)(1)(ii)(C)'), {
            sanctions: entries.sanction.length,
          })
    },
  }),
  onRegister({
    id: 'policies-documented',
    title: 'Each policy in force names the digest of its document',
    run: ({ entries }, facts) => {
      const policies = notEnded(entries.policy, facts.at)
      const faults = policies.filter((one) => textOf(one, 'document') === '')
      return noneOf(
        policies.length === 0 ? ['none registered'] : faults.map(({ subject }) => subject),
        {
          ok: `${policies.length} documents, each with its SHA-256`,
          bad: 'policies without a document',
          next: `compute its digest with sha256sum, then: ${correction(faults, facts)}`,
        },
        { policies: policies.length },
      )
    },
  }),
  onRegister({
    id: 'policies-reviewed',
    title: 'No policy is overdue for review',
    run: ({ entries }, facts) => {
      const policies = notEnded(entries.policy, facts.at)
      const faults = policies.filter((one) => isOld(one, facts.at))
      return noneOf(
        policies.length === 0 ? ['none registered'] : faults.map(({ subject }) => subject),
        {
          ok: `${policies.length} documents, none overdue for review`,
          bad: 'overdue for review',
          next: `review it, then: ${correction(faults, facts)}`,
        },
        { policies: policies.length },
      )
    },
  }),
  onRegister({
    id: 'policies-acknowledged',
    title: 'Everyone has acknowledged the policies in force',
    run: ({ entries }, facts) => {
      const { configuration, at } = facts
      if (!configuration)
        return unknown('the configuration could not be read', 'correct nocturne.yaml')
      const policies = inForce(entries.policy, at).filter((one) =>
        ['policy', 'procedure'].includes(textOf(one, 'type')),
      )
      const people = configuration.people.map(({ id }) => id)
      const openOf = (one: RegisterEntry) =>
        people.filter((id) => !listOf(one, 'acknowledged').includes(id))
      const faults = policies.filter((one) => openOf(one).length > 0)
      const open = faults.flatMap((one) => openOf(one).map((id) => `${id}: ${one.subject}`))
      return noneOf(
        policies.length === 0 ? ['no policy in force'] : open,
        {
          ok: `${policies.length} policies, acknowledged by ${people.length} people`,
          bad: 'not acknowledged',
          next: `ask them to read it, then: ${correction(faults, facts)}`,
        },
        { policies: policies.length, open: open.length },
      )
    },
  }),
  onRegister({
    id: 'actions-on-time',
    title: 'No planned action is overdue',
    run: ({ actions }, { at }) =>
      noneOf(
        actions
          .filter(({ doneAt, due }) => doneAt === undefined && due < dayOf(at))
          .map(({ id, row, owner }) => `${row} (${owner}, action ${id})`),
        {
          ok: `${actions.length} actions, none overdue`,
          bad: 'actions that are overdue',
          next: 'carry it out, then: nocturne assess done ACTION --evidence TEXT --site DIR',
        },
        { actions: actions.length },
      ),
  }),
  onRegister({
    id: 'incidents-in-time',
    title: 'Every incident was decided, and notified, before its deadline',
    run: ({ entries, incidents }, { at }) => {
      // An empty register is no evidence that nothing happened.
      if (incidents.length === 0)
        return undecided(
          'no incident is on the register; only an officer can state that none occurred',
          'state that none occurred, or record one: nocturne incident open ID --kind other --discovered DATE --site DIR',
          { incidents: 0 },
        )
      const late = incidents.filter(({ decidedAt, dueAt }) => (decidedAt ?? at) > dueAt)
      const entry = notEnded(entries.incident, at).find(({ subject }) => subject === late[0]?.id)
      const notified = amendStep('incident', entry?.id ?? 'ENTRY', { notified: 'DATE' })
      return noneOf(
        late.map(({ id, dueAt }) => `${id}, due ${dayOf(dueAt)}`),
        {
          ok: `${incidents.length} incidents, each decided in time or still within its deadline`,
          bad: 'past the deadline of 164.404(b)',
          next: `decide it (nocturne incident decide), send the notices, then: ${notified}`,
        },
        { incidents: incidents.length },
      )
    },
  }),
  notOwn('no-clearinghouse', 'clearinghouse', 'a health care clearinghouse'),
  notOwn('no-health-plan', 'healthPlan', 'a group health plan'),
]
