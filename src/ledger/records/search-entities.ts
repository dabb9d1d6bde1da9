/** Search tests for the entities of a record. Each mirrors what `objects.ts` makes of an entry. */
import type { Test } from '../log/clauses.js'
import { EVENT_TYPES } from '../log/events.js'
import type { EventType } from '../log/events.js'
import { FHIR_SYSTEMS, namespaces } from './codes.js'
import { SHAPES } from './shapes.js'
import type { Shape } from './shapes.js'
import type { Token } from './search-values.js'

const TYPES = Object.keys(EVENT_TYPES) as EventType[]
const UUID = /^urn:uuid:([0-9a-f-]{36})$/
const INDEX = /^(0|[1-9]\d{0,14})$/

const ofTypes = (isFound: (shape: Shape) => boolean): Test => ({
  column: 'type',
  isOneOf: TYPES.filter((type) => isFound(SHAPES[type])),
})

const isQuery = ({ about, rest }: Shape): boolean =>
  about === 'query' || (about === 'ledger' && rest === 'search')
const isLog = ({ about, rest }: Shape): boolean => about === 'ledger' && rest !== 'search'

/** Alerts about the gateway itself, and alerts whose entry names no other subject. */
const ABOUT_GATEWAY: readonly Test[] = [
  ofTypes(({ about }) => about === 'gateway'),
  { allOf: [ofTypes(({ about }) => about === 'subject'), { column: 'subject', isThere: false }] },
]

const NEVER: Test = { always: false }

export function entityTests(
  { system, code }: Token,
  { gateway, origin }: { readonly gateway: string; readonly origin: string },
): readonly Test[] {
  const names = namespaces(gateway)
  const isOf = (theirs: string) => system === undefined || system === theirs
  const tests: Test[] = [NEVER]
  const transfer = UUID.exec(code)?.[1]
  if (isOf(FHIR_SYSTEMS.uri)) {
    if (transfer !== undefined) tests.push({ column: 'transfer', isOneOf: [transfer] })
    if (code === `${origin}/v1/audit`) tests.push(ofTypes(isLog))
  }
  if (isOf(names.object)) tests.push({ column: 'subject', isOneOf: [code] })
  if (isOf(names.gateway) && code === gateway) tests.push(...ABOUT_GATEWAY)
  if (isOf(names.ledgerIndex) && INDEX.test(code))
    tests.push({ column: 'idx', isNumber: [Number(code)] })
  tests.push(patientTest({ system, code }, gateway))
  return tests
}

/**
 * The facility whose handles the system identifies; null for handles without a facility, undefined
 * for another system.
 */
export function facilityOf(system: string, gateway: string): string | null | undefined {
  const { patientHandle } = namespaces(gateway)
  if (system === patientHandle()) return null
  const start = patientHandle('')
  return system.startsWith(start) ? system.slice(start.length) : undefined
}

export function patientTest({ system, code }: Token, gateway: string): Test {
  const isTheirs: Test = { column: 'patient', isOneOf: [code] }
  if (system === undefined) return isTheirs
  const facility = facilityOf(system, gateway)
  if (facility === undefined) return NEVER
  const isOf: Test =
    facility === null
      ? { column: 'facility', isThere: false }
      : { column: 'facility', isOneOf: [facility] }
  return { allOf: [isTheirs, isOf] }
}

/** Tests by FHIR object-role; undefined for a role that no record has. */
export function roleTests(role: string): readonly Test[] | undefined {
  switch (role) {
    case '1':
      return [{ column: 'patient', isThere: true }]
    case '3':
      return [{ column: 'transfer', isThere: true }]
    case '13':
      return [
        ofTypes((shape) => isLog(shape) || ['subject', 'gateway'].includes(shape.about ?? '')),
      ]
    case '17':
      return [{ always: true }]
    case '24':
      return [ofTypes(isQuery)]
    default:
      return undefined
  }
}

/** Tests by FHIR audit-entity-type: person, system object, other. */
export function typeTests(type: string): readonly Test[] | undefined {
  switch (type) {
    case '1':
      return [{ column: 'patient', isThere: true }]
    case '2':
      return [{ column: 'transfer', isThere: true }, ofTypes(({ about }) => about !== undefined)]
    case '4':
      return [{ always: true }]
    default:
      return undefined
  }
}
