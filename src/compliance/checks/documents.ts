/** Checks of policies, plans and risk assessments, and of the actions that follow from them. */
import { dayOf, failed, noneOf, onRegister, satisfied, unknown } from '../check.js'
import type { Check } from '../check.js'
import { inForce, isSet, listOf, notEnded, policiesFor, textOf } from '../in-force.js'

const ADD_POLICY =
  'nocturne register add policy --set policy=ID --set type=TYPE --set covers=CITE …'

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
        : failed(`no ${type} in force`, ADD_POLICY.replace('TYPE', type), { documents: [] })
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
          'nocturne register add organisation --set own=yes --set organisation=ID …',
          null,
        )
      if (!own.some((one) => isSet(one, field)))
        return {
          verdict: 'not-applicable',
          says: `${own.map(({ subject }) => subject).join(', ')} is not ${what}`,
          shown: { own: own.map(({ subject }) => subject), [field]: false },
        }
      return failed(
        `it is ${what}: a person must state how the rule is met`,
        'nocturne assess state ROW --text-file FILE',
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
        : failed(
            'no sanctions policy in force',
            ADD_POLICY.replace('TYPE', 'policy').replace('CITE', '"164.308(a)(1)(ii)(C)"'),
            { sanctions: entries.sanction.length },
          )
    },
  }),
  onRegister({
    id: 'policies-documented',
    title: 'Each policy in force names the digest of its document',
    run: ({ entries }, { at }) => {
      const policies = notEnded(entries.policy, at)
      return noneOf(
        policies.length === 0
          ? ['none registered']
          : policies.filter((one) => textOf(one, 'document') === '').map(({ subject }) => subject),
        {
          ok: `${policies.length} documents, each with its SHA-256`,
          bad: 'policies without a document',
          next: 'nocturne register add policy --replaces ID --set document=SHA256',
        },
        { policies: policies.length },
      )
    },
  }),
  onRegister({
    id: 'policies-reviewed',
    title: 'No policy is overdue for review',
    run: ({ entries }, { at }) => {
      const policies = notEnded(entries.policy, at)
      return noneOf(
        policies.length === 0
          ? ['none registered']
          : policies.filter(({ until }) => (until ?? '') < dayOf(at)).map(({ subject }) => subject),
        {
          ok: `${policies.length} documents, none overdue for review`,
          bad: 'overdue for review',
          next: 'review it, then: nocturne register add policy --replaces ID --set version=N --set review=DATE',
        },
        { policies: policies.length },
      )
    },
  }),
  onRegister({
    id: 'policies-acknowledged',
    title: 'Everyone has acknowledged the policies in force',
    run: ({ entries }, { configuration, at }) => {
      if (!configuration)
        return unknown('the configuration could not be read', 'correct nocturne.yaml')
      const policies = inForce(entries.policy, at).filter((one) =>
        ['policy', 'procedure'].includes(textOf(one, 'type')),
      )
      const people = configuration.people.map(({ id }) => id)
      const open = policies.flatMap((one) =>
        people
          .filter((id) => !listOf(one, 'acknowledged').includes(id))
          .map((id) => `${id}: ${one.subject}`),
      )
      return noneOf(
        policies.length === 0 ? ['no policy in force'] : open,
        {
          ok: `${policies.length} policies, acknowledged by ${people.length} people`,
          bad: 'not acknowledged',
          next: 'ask them to read it, then: nocturne register add policy --replaces ID --set acknowledged=ID,ID',
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
          next: 'carry it out, then: nocturne assess done ACTION --evidence TEXT',
        },
        { actions: actions.length },
      ),
  }),
  onRegister({
    id: 'incidents-in-time',
    title: 'Every incident was decided, and notified, before its deadline',
    run: ({ incidents }, { at }) => {
      // An empty register is no evidence that nothing happened.
      if (incidents.length === 0)
        return unknown(
          'no incident is on the register; only an officer can state that none occurred',
          'state it with `nocturne assess state`, or record one with `nocturne register add incident`',
        )
      return noneOf(
        incidents
          .filter(({ decidedAt, dueAt }) => (decidedAt ?? at) > dueAt)
          .map(({ id, dueAt }) => `${id}, due ${dayOf(dueAt)}`),
        {
          ok: `${incidents.length} incidents, each decided in time or still within its deadline`,
          bad: 'past the deadline of 164.404(b)',
          next: 'record the decision and the notices with `nocturne register add incident`',
        },
        { incidents: incidents.length },
      )
    },
  }),
  notOwn('no-clearinghouse', 'clearinghouse', 'a health care clearinghouse'),
  notOwn('no-health-plan', 'healthPlan', 'a group health plan'),
]
