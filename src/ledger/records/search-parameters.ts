/** The search parameters of ITI-81: their syntax, and the index tests that they translate to. */
import { isIP } from 'node:net'
import { ID_PATTERN } from '../../lib/ids.js'
import type { Test } from '../log/clauses.js'
import { EVENT_TYPES } from '../log/events.js'
import type { EventType } from '../log/events.js'
import { codingOf } from './audit-event.js'
import { FHIR_SYSTEMS, namespaces } from './codes.js'
import { entityTests, facilityOf, patientTest, roleTests, typeTests } from './search-entities.js'
import { dateOf, tokenOf, unescape } from './search-values.js'
import type { Token } from './search-values.js'

export interface SearchContext {
  readonly gateway: string
  /** Address of the gateway, which its records state as their own. */
  readonly origin: string
  /** Whether it is an ID in the configuration: other values are not recorded in the ledger. */
  readonly isKnown: (id: string) => boolean
}

export interface Parsed {
  /** A record matches if any of these holds. */
  readonly tests: readonly Test[]
  /** The value as the ledger may record it; absent for free text. */
  readonly shown?: string
  readonly patient?: { readonly handle: string; readonly facility: string }
}

export interface Parameter {
  /** FHIR's parameter type, for the CapabilityStatement. */
  readonly type: 'token' | 'date' | 'string' | 'reference'
  /** What it searches, and the syntax of its values. */
  readonly about: string
  readonly form: string
  /** Undefined for a value that does not have this syntax. */
  readonly parse: (value: string, context: SearchContext) => Parsed | undefined
}

const TYPES = Object.keys(EVENT_TYPES) as EventType[]
const HANDLE = /^[0-9a-f]{64}$/

/** Whether the token matches this code of this system. */
const isFor = ({ system, code }: Token, theirSystem: string, theirCode: string): boolean =>
  code === theirCode && (system === undefined || system === theirSystem)

const typesWith = (isFound: (type: EventType) => boolean): Test => ({
  column: 'type',
  isOneOf: TYPES.filter(isFound),
})

const token = (
  about: string,
  form: string,
  parse: (value: Token, context: SearchContext) => Parsed | undefined,
): Parameter => ({
  type: 'token',
  about,
  form,
  parse: (value, context) => {
    const parsed = tokenOf(value)
    return parsed && parse(parsed, context)
  },
})

/**
 * A reference by ID alone or with the resource type in front; equivalent to searching by
 * identifier.
 */
const reference = (about: string, form: string, byIdentifier: Parameter): Parameter => ({
  type: 'reference',
  about,
  form,
  parse: (value, context) => byIdentifier.parse(value.replace(/^[A-Z][A-Za-z]+\//, ''), context),
})

/**
 * Codes are public, so a value that matches one may be recorded; a value that matches none may be
 * anything and is not.
 */
const codes = (
  about: string,
  form: string,
  has: (type: EventType, value: Token, gateway: string) => boolean,
) =>
  token(about, form, (value, { gateway }) => {
    const test = typesWith((type) => has(type, value, gateway))
    const isSomething = 'isOneOf' in test && test.isOneOf.length > 0
    return { tests: [test], ...(isSomething && { shown: value.code }) }
  })

const patientIdentifier = token(
  'the keyed handle of the patient; in the body of POST _search, also the ID that the facility uses',
  '<gateway>/fhir/NamingSystem/patient-handle/FACILITY|HANDLE',
  ({ system, code }, { gateway, isKnown }) => {
    if (!HANDLE.test(code)) return undefined
    const facility = system === undefined ? undefined : facilityOf(system, gateway)
    const isOfOurs = typeof facility === 'string' && isKnown(facility)
    return {
      tests: [patientTest({ system, code }, gateway)],
      shown: code,
      ...(isOfOurs && { patient: { handle: code, facility } }),
    }
  },
)

const agentIdentifier = token(
  'the actor, or the gateway that served the request',
  '<gateway>/fhir/NamingSystem/principal|ID, or only the ID',
  ({ system, code }, { gateway, isKnown }) => {
    const names = namespaces(gateway)
    const tests: Test[] = []
    if (system === undefined || system === names.principal)
      tests.push({ column: 'actor', isOneOf: [code] })
    if (isFor({ system, code }, names.gateway, gateway)) tests.push({ always: true })
    const isOurs = isKnown(code) || code === gateway
    return { tests: tests.length > 0 ? tests : [{ always: false }], ...(isOurs && { shown: code }) }
  },
)

const sourceIdentifier = token(
  'the gateway that recorded the event',
  '<gateway>/fhir/NamingSystem/gateway|NAME, or only the NAME',
  (value, { gateway }) => {
    const isOurs = isFor(value, namespaces(gateway).gateway, gateway)
    return { tests: [{ always: isOurs }], ...(isOurs && { shown: gateway }) }
  },
)

const entityIdentifier = token(
  'the object of the event: a transfer, the handle of a patient, a key, a token, a witness, an index of the ledger',
  'urn:ietf:rfc:3986|urn:uuid:TRANSFER, or another SYSTEM|VALUE of an entity',
  (value, context) => ({
    tests: entityTests(value, context),
    ...(KEPT.test(value.code) && { shown: value.code }),
  }),
)

/** Matches IDs, handles, fingerprints and numbers, none of which is a person's name. */
const KEPT =
  /^((urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|\d{1,15})$/

export const PARAMETERS = {
  _id: token('the ID of one record', 'a UUID of version 7', ({ system, code }) =>
    system === undefined && ID_PATTERN.test(code)
      ? { tests: [{ column: 'event_id', isOneOf: [code] }], shown: code }
      : undefined,
  ),
  date: {
    type: 'date',
    about: 'when the event was recorded',
    form: 'YYYY, YYYY-MM, YYYY-MM-DD or an instant, optionally prefixed with eq, ne, gt, lt, ge, le, sa or eb',
    parse: (value) => {
      const parsed = dateOf(value)
      return parsed && { tests: dateTests(parsed), shown: value }
    },
  },
  'patient.identifier': patientIdentifier,
  patient: reference('the same, by handle only', 'HANDLE or Patient/HANDLE', patientIdentifier),
  'agent.identifier': agentIdentifier,
  agent: reference('the same, by ID only', 'ID', agentIdentifier),
  altid: token('the ID of the token that was used', 'a UUID', ({ system, code }) =>
    system === undefined && ID_PATTERN.test(code)
      ? { tests: [{ column: 'token', isOneOf: [code] }], shown: code }
      : undefined,
  ),
  'entity.identifier': entityIdentifier,
  entity: reference('the same, by value only', 'urn:uuid:TRANSFER or VALUE', entityIdentifier),
  'entity-role': token('the role of the object of the event', '1, 3, 13, 17 or 24', (value) => {
    const tests = roleTests(value.code)
    if (!tests || !isFor(value, FHIR_SYSTEMS.objectRole, value.code)) return undefined
    return { tests, shown: value.code }
  }),
  'entity-type': token('the type of the object of the event', '1, 2 or 4', (value) => {
    const tests = typeTests(value.code)
    if (!tests || !isFor(value, FHIR_SYSTEMS.entityType, value.code)) return undefined
    return { tests, shown: value.code }
  }),
  type: codes(
    'the type of event',
    'SYSTEM|CODE or CODE, such as rest or 110113',
    (type, value, gateway) => {
      const { type: coding } = codingOf({ type, dcm: [], gateway })
      return isFor(value, coding.system, coding.code)
    },
  ),
  subtype: codes(
    'the subtype of event',
    'SYSTEM|CODE or CODE, such as create, 110137 or item.accepted',
    (type, value, gateway) =>
      codingOf({ type, dcm: [], gateway }).subtype.some(({ system, code }) =>
        isFor(value, system, code),
      ),
  ),
  action: token('what was done', 'C, R, U, D or E', ({ code, system }, { gateway }) =>
    /^[CRUDE]$/.test(code) &&
    (system === undefined || system === 'http://hl7.org/fhir/audit-event-action')
      ? {
          tests: [typesWith((type) => codingOf({ type, dcm: [], gateway }).action === code)],
          shown: code,
        }
      : undefined,
  ),
  outcome: token('how it ended', '0, 4, 8 or 12', (value) =>
    /^(0|4|8|12)$/.test(value.code) && isFor(value, FHIR_SYSTEMS.outcome, value.code)
      ? { tests: [{ column: 'outcome', isNumber: [Number(value.code)] }], shown: value.code }
      : undefined,
  ),
  'source.identifier': sourceIdentifier,
  source: reference('the same, by name only', 'NAME', sourceIdentifier),
  address: {
    type: 'string',
    about: "the network address of the client, or the gateway's own",
    form: 'the beginning of an address',
    parse: (value, { origin }) => {
      const start = unescape(value).toLowerCase()
      if (start === '') return undefined
      return {
        tests: [
          { column: 'address', startsWith: start },
          { always: origin.toLowerCase().startsWith(start) },
        ],
        ...((isIP(start) !== 0 || /^[\d.]+$/.test(start)) && { shown: start }),
      }
    },
  },
} as const satisfies Record<string, Parameter>

type ParsedDate = NonNullable<ReturnType<typeof dateOf>>

/** Recorded times are instants, so each is entirely before, within or after the range of a date. */
function dateTests({ prefix, range: { from, until } }: ParsedDate): readonly Test[] {
  const column = 'time' as const
  switch (prefix) {
    case 'eq':
      return [{ column, from, until }]
    case 'ne':
      return [
        { column, until: from },
        { column, from: until },
      ]
    case 'gt':
    case 'sa':
      return [{ column, from: until }]
    case 'lt':
    case 'eb':
      return [{ column, until: from }]
    case 'ge':
      return [{ column, from }]
    case 'le':
      return [{ column, until }]
  }
}
