/**
 * What an entry is about, once for both standards: the patient's handle, the transfer, a key, the
 * ledger itself.
 */
import type { Json } from '../../lib/json.js'
import { canonicalJson } from '../../lib/json.js'
import type { LedgerEntry } from '../log/events.js'
import type { ObjectRole } from './codes.js'
import type { Shape } from './shapes.js'

/** Where the gateway that recorded the entry is reached: it makes the addresses of its ledger. */
export interface RecordSource {
  /** Such as `https://gateway.example.org`, without a slash at the end. */
  readonly origin: string
}

export interface RecordObject {
  readonly what: 'patient' | 'transfer' | 'subject' | 'query' | 'log' | 'gateway' | 'entry'
  /**
   * PS3.15 A.5.1.1 and FHIR's audit-entity-type: 1 a person, 2 a system object, 4 another thing.
   */
  readonly type: '1' | '2' | '4'
  readonly role: ObjectRole
  readonly id: string
  readonly name: string
  /** Name and value of what else is known. */
  readonly details: readonly (readonly [string, string])[]
}

/**
 * In a fixed order: patient, transfer, what else it is about, and last the ledger's entry itself.
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
    // The name that PS3.15 A.5.3.2 asks for.
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

/**
 * What a security alert is about: a key, a token, a witness or a sink, by the id that the entry has
 * of it.
 */
export function subjectOf({ detail = {} }: Pick<LedgerEntry, 'detail'>): string | undefined {
  const { to, fingerprint, token, witness, sink } = detail
  return [to, fingerprint, token, witness, sink].find(
    (value): value is string => typeof value === 'string' && value !== '',
  )
}

/** The query of the entry, as canonical JSON: BALP wants it as it was, base64 in `entity.query`. */
export function queryOf({ detail = {} }: LedgerEntry): string {
  const { query } = detail
  return canonicalJson(query ?? {})
}

/**
 * Everything that has no place of its own in the standards. Empty texts are left out: FHIR knows
 * none.
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
