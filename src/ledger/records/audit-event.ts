/**
 * Renders a ledger entry as a FHIR R4 AuditEvent, following the patterns of IHE BALP for RESTful
 * actions.
 */
import { toBase64, toUtf8 } from '../verify/encoding.js'
import { EVENT_TYPES } from '../log/events.js'
import type { EventType, LedgerEntry } from '../log/events.js'
import { BALP, FHIR_SYSTEMS, meaningOf, namespaces, OBJECT_ROLES } from './codes.js'
import type { Agent, AuditEvent, Coding, Concept, Entity, Reference } from './fhir-types.js'
import { objectsOf, queryOf } from './objects.js'
import type { RecordObject, RecordSource } from './objects.js'
import { addressOf, flowOf, isPerson, outcomeText } from './participants.js'
import { shapeOf } from './shapes.js'
import type { Action, Rest, Shape } from './shapes.js'

/**
 * The AuditEvent for one entry. It is pseudonymous like the entry: IDs and keyed handles, never a
 * name. `meta.profile` names an IHE BALP profile only when the resource conforms to it.
 */
export function toAuditEvent(entry: LedgerEntry, index: number, source: RecordSource): AuditEvent {
  const shape = shapeOf(entry.type)
  const { type, subtype, action } = codingOf(entry)
  const objects = objectsOf(entry, index, shape, source)
  const profile = profileOf(entry, shape)
  const reason = outcomeText(entry)
  return {
    resourceType: 'AuditEvent',
    id: entry.id,
    ...(profile !== undefined && { meta: { profile: [profile] } }),
    type,
    subtype,
    action,
    recorded: entry.time,
    outcome: `${entry.outcome}`,
    ...(reason !== undefined && { outcomeDesc: reason }),
    ...(shape.purpose && { purposeOfEvent: [purposeOf(shape.purpose)] }),
    agent: agentsOf(entry, shape, source),
    source: {
      observer: gatewayOf(entry),
      type: [{ system: FHIR_SYSTEMS.sourceType, code: '4', display: 'Application Server' }],
    },
    entity: objects.map((object) => entityOf(entry, object, shape)),
  }
}

const REST_ACTIONS: Readonly<Record<Rest, Action>> = {
  create: 'C',
  read: 'R',
  update: 'U',
  search: 'E',
}

/**
 * `type`, `subtype` and `action`, which depend only on the type of event; searches find records by
 * them.
 */
export function codingOf({ type, dcm, gateway }: Pick<LedgerEntry, 'type' | 'dcm' | 'gateway'>): {
  readonly type: Coding
  readonly subtype: readonly Coding[]
  readonly action: Action
} {
  const { rest, action, title } = shapeOf(type)
  const own = { system: namespaces(gateway).eventType, code: type, display: title }
  const [event = '', ...types] = dcmOf(type, dcm).map(dcmCoding)
  if (event === '') throw new TypeError('an event without a DICOM EventID')
  if (!rest) return { type: event, subtype: [...types, own], action }
  return {
    type: { system: FHIR_SYSTEMS.eventType, code: 'rest', display: 'RESTful Operation' },
    subtype: [{ system: FHIR_SYSTEMS.interaction, code: rest }, event, ...types, own],
    action: REST_ACTIONS[rest],
  }
}

/** The current codes; for a type known only to newer gateways, the codes in the entry. */
export const dcmOf = (type: string, recorded: readonly string[]): readonly string[] =>
  isKnown(type) ? EVENT_TYPES[type] : recorded

const isKnown = (type: string): type is EventType => Object.hasOwn(EVENT_TYPES, type)

const dcmCoding = (code: string): Coding => ({
  system: FHIR_SYSTEMS.dcm,
  code,
  display: meaningOf(code),
})

/**
 * BALP's profiles cover successful RESTful actions by a user, with the network addresses of client
 * and server; where the entry names a patient, the patient-specific profiles apply.
 */
function profileOf(entry: LedgerEntry, { rest }: Shape): string | undefined {
  const { outcome, actor, transfer, patient } = entry
  if (!rest || outcome !== 0 || !isPerson(actor) || addressOf(actor) === undefined) return undefined
  // Each allows exactly one system object: the query for a search, the transfer otherwise.
  if ((rest === 'search') !== (transfer === undefined)) return undefined
  return `${BALP}${patient === undefined ? '' : 'Patient'}${PROFILES[rest]}`
}

const PROFILES = { create: 'Create', read: 'Read', update: 'Update', search: 'Query' } as const

const purposeOf = (code: 'TREAT' | 'HCOMPL'): Concept => ({
  coding: [
    {
      system: FHIR_SYSTEMS.purpose,
      code,
      display: code === 'TREAT' ? 'treatment' : 'health compliance',
    },
  ],
})

const gatewayOf = ({ gateway }: LedgerEntry): Reference => ({
  identifier: { system: namespaces(gateway).gateway, value: gateway },
})

/**
 * For a RESTful action: client, server and user, as BALP requires. Otherwise: the actor with the
 * client's address, and the gateway. Exactly one agent is the requestor.
 */
function agentsOf(entry: LedgerEntry, shape: Shape, { origin }: RecordSource): readonly Agent[] {
  const { actor, gateway } = entry
  const flow = flowOf(shape)
  const address = addressOf(actor)
  const network = address !== undefined && { network: { address, type: '2' as const } }
  const user = {
    who: { identifier: { system: namespaces(gateway).principal, value: actor.id } },
    ...(actor.token !== undefined && {
      altId: actor.token,
      policy: [`urn:uuid:${actor.token}`],
    }),
    requestor: true,
    role: [{ text: actor.role }],
  }
  const server: Agent = {
    type: { coding: [dcmCoding(flow?.gateway ?? '110150')] },
    who: gatewayOf(entry),
    requestor: false,
    network: { address: origin, type: '5' },
  }
  if (!shape.rest || !flow) {
    return [
      { ...(flow && { type: { coding: [dcmCoding(flow.actor)] } }), ...user, ...network },
      server,
    ]
  }
  const client: Agent = {
    type: { coding: [dcmCoding(flow.actor)] },
    who: { display: `client of ${actor.id}` },
    requestor: false,
    ...network,
  }
  return [client, server, { type: { coding: [participationOf(entry, shape.rest)] }, ...user }]
}

/**
 * v3-ParticipationType: readers are recipients; a facility is custodian of what it sends; anyone
 * else who changes something is its author.
 */
function participationOf({ actor }: LedgerEntry, rest: Rest): Coding {
  const system = FHIR_SYSTEMS.participation
  if (rest === 'read' || rest === 'search')
    return { system, code: 'IRCP', display: 'information recipient' }
  return actor.role === 'sender'
    ? { system, code: 'CST', display: 'custodian' }
    : { system, code: 'AUT', display: 'author (originator)' }
}

const ENTITY_TYPES = { '1': 'Person', '2': 'System Object', '4': 'Other' } as const

function entityOf(entry: LedgerEntry, object: RecordObject, { rest }: Shape): Entity {
  const { what, role, name, details } = object
  const type = {
    system: FHIR_SYSTEMS.entityType,
    code: object.type,
    display: ENTITY_TYPES[object.type],
  }
  // BALP Query: the entity of a search holds the query and no reference.
  if (rest === 'search' && (what === 'log' || what === 'query')) {
    const query = toBase64(toUtf8(queryOf(entry)))
    return { type, role: roleOf('24'), query }
  }
  return {
    what: referenceOf(entry, object),
    type,
    role: roleOf(role),
    name,
    ...(details.length > 0 && {
      detail: details.map(([label, value]) => ({ type: clean(label), valueString: clean(value) })),
    }),
  }
}

const roleOf = (code: keyof typeof OBJECT_ROLES): Coding => ({
  system: FHIR_SYSTEMS.objectRole,
  code,
  display: OBJECT_ROLES[code],
})

function referenceOf(entry: LedgerEntry, { what, id, name }: RecordObject): Reference {
  const names = namespaces(entry.gateway)
  switch (what) {
    case 'patient': {
      const system = names.patientHandle(entry.facility)
      return { type: 'Patient', identifier: { system, value: id } }
    }
    case 'subject':
      return { identifier: { system: names.object, value: id } }
    case 'gateway':
      return gatewayOf(entry)
    case 'entry': {
      const index = /\/(\d+)\/proof$/.exec(id)?.[1] ?? ''
      return { identifier: { system: names.ledgerIndex, value: index }, display: name }
    }
    case 'transfer':
    case 'query':
    case 'log':
      return { identifier: { system: FHIR_SYSTEMS.uri, value: id } }
  }
}

/** FHIR strings may contain no control characters except tab and line ends. */
const clean = (text: string): string => text.replace(/[^\P{Cc}\t\r\n]/gu, '\u{fffd}')
