/**
 * What an entry is about, for both standards: the patient's handle, the transfer, a key, the ledger
 * itself.
 */
import type { Json } from '../../lib/json.js'
import { canonicalJson } from '../../lib/json.js'
import type { LedgerEntry } from '../log/events.js'
import type { ObjectRole } from './codes.js'
import type { Shape } from './shapes.js'

/**
 * Where the gateway that recorded the entry is reached. Links to its ledger are built from this.
 */
export interface RecordSource {
  /** Such as `https://gateway.example.org`, without a trailing slash. */
  readonly origin: string
}

export interface RecordObject {
  readonly what: 'patient' | 'transfer' | 'subject' | 'query' | 'log' | 'gateway' | 'entry'
  /** PS3.15 A.5.1.1 and FHIR's audit-entity-type: 1 person, 2 system object, 4 other. */
  readonly type: '1' | '2' | '4'
  readonly role: ObjectRole
  readonly id: string
  readonly name: string
  /** Names and values of further details. */
  readonly details: readonly (readonly [string, string])[]
}

/**
 * In a fixed order: patient, transfer, anything else the entry is about, and finally the ledger
 * entry itself.
 */
export function objectsOf(
  entry: LedgerEntry,
  index: number,
  shape: Shape,
  { origin }: RecordSource,
): readonly RecordObject[] {
  const { patient, transfer, item, gateway } = entry
  const made: RecordObject[] = []
  const add = (object: Omit<RecordObject, 'details'>) => made.push({ ...object, details: [] })
  if (patient !== undefined) {
    add({ what: 'patient', type: '1', role: '1', id: patient, name: 'keyed handle of a patient' })
  }
  if (transfer !== undefined) {
    const name = item === undefined || item === 0 ? 'a transfer' : `item ${item} of a transfer`
    add({ what: 'transfer', type: '2', role: '3', id: `urn:uuid:${transfer}`, name })
  }
  const subject = subjectOf(entry)
  if (shape.about === 'ledger') {
    // The name that PS3.15 A.5.3.2 prescribes.
    const name = 'Security Audit Log'
    add({ what: 'log', type: '2', role: '13', id: `${origin}/v1/audit`, name })
  } else if (shape.about === 'query') {
    add({ what: 'query', type: '2', role: '24', id: origin, name: 'a query' })
  } else if (shape.about === 'subject' && subject !== undefined) {
    add({ what: 'subject', type: '2', role: '13', id: subject, name: shape.title })
  } else if (shape.about !== undefined) {
    add({ what: 'gateway', type: '2', role: '13', id: gateway, name: shape.title })
  }
  const id = `${origin}/v1/audit/events/${index}/proof`
  const name = `entry ${index} of ${gateway}/audit`
  return [...made, { what: 'entry', type: '4', role: '17', id, name, details: detailsOf(entry) }]
}

/** The subject of a security alert: a key, a token, a witness or a sink, by its ID in the entry. */
export function subjectOf({ detail = {} }: Pick<LedgerEntry, 'detail'>): string | undefined {
  const { to, fingerprint, token, witness, sink } = detail
  return [to, fingerprint, token, witness, sink].find(
    (value): value is string => typeof value === 'string' && value !== '',
  )
}

/**
 * The entry's query as canonical JSON. BALP requires the original query, in base64, in
 * `entity.query`.
 */
export function queryOf({ detail = {} }: LedgerEntry): string {
  const { query } = detail
  return canonicalJson(query ?? {})
}

/**
 * Everything that the standards have no field for. Empty texts are left out, because FHIR does not
 * allow them.
 */
function detailsOf(entry: LedgerEntry): (readonly [string, string])[] {
  const { type, related, facility, group, transfer, item, actor, detail = {} } = entry
  const pairs: readonly (readonly [string, Json | undefined])[] = [
    ['event', type],
    ['related', related],
    ['facility', facility],
    ['group', group],
    ['transfer', transfer],
    ['item', item],
    ['method', actor.method],
    ...Object.entries(detail),
  ]
  return pairs.flatMap(([name, value]) => {
    const text = value === undefined ? '' : textOf(value)
    return text === '' || name === '' ? [] : [[name, text] as const]
  })
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : canonicalJson(value))
