/** Generates entries of every type, with any subset of their optional fields. */
import fc from 'fast-check'
import { EVENT_TYPES } from '../../../src/ledger/log/events.js'
import type { Actor, EventType, LedgerEntry } from '../../../src/ledger/log/events.js'
import { makeEntry, parseEntry } from '../../../src/ledger/log/entry.js'
import type { Json } from '../../../src/lib/json.js'

export const GATEWAY = 'gateway.example.org'
export const SOURCE = { origin: 'https://gateway.example.org:8443' }
export const TYPES = Object.keys(EVENT_TYPES) as EventType[]
export const PATIENT = 'ab'.repeat(32)
export const TRANSFER = '0190c0de-7a2b-7c11-8d5f-6f2f6f2f6f2f'
export const TOKEN = '0190c0de-7a2b-7c11-8d5f-6f2f6f2f6f30'

export const READER: Actor = {
  id: 'reader-1',
  role: 'reader',
  method: 'token',
  token: TOKEN,
  address: '192.0.2.7',
}
export const SENDER: Actor = { ...READER, id: 'facility-a', role: 'sender' }
export const SYSTEM: Actor = { id: 'system', role: 'system' }

const uuid = fc.uuid({ version: 7 })
const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => value.isWellFormed())
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
})).value

const actor: fc.Arbitrary<Actor> = fc.record(
  {
    id: fc.constantFrom('reader-1', 'facility-a', 'system', 'anonymous', 'site'),
    role: fc.constantFrom(
      'sender',
      'reader',
      'officer',
      'operator',
      'recovery',
      'system',
      'anonymous',
    ),
    method: fc.constantFrom('token', 'signature', 'site'),
    token: uuid,
    address: fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom('::ffff:10.0.0.1', 'unknown', 'fe80::1%eth0'),
    ),
  },
  { requiredKeys: ['id', 'role'] },
)

const detail: fc.Arbitrary<Record<string, Json>> = fc.oneof(
  fc.dictionary(text, json, { maxKeys: 4 }),
  fc.record(
    {
      fingerprint: fc.constantFrom('', 'ab'.repeat(20), 'CD'.repeat(32)),
      token: uuid,
      witness: fc.constant('facility-b.example.org'),
      study: fc.constantFrom('1.2.840.113619.2', '2.25.1', 'no uid'),
      profile: fc.constant('pseudonymize'),
      code: fc.constantFrom('pixels_at_risk', 'constructor', 'no such code'),
      query: json,
      recipients: fc.array(fc.constant('ab'.repeat(20)), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
)

/** Entries of one type, or of any. */
export const entries = (type?: EventType): fc.Arbitrary<LedgerEntry> =>
  fc
    .record(
      {
        type: type === undefined ? fc.constantFrom(...TYPES) : fc.constant(type),
        outcome: fc.constantFrom(0, 4, 8, 12),
        actor,
        facility: fc.constantFrom('facility-a', 'facility-b'),
        group: fc.constant('nights'),
        transfer: uuid,
        item: fc.nat(),
        patient: fc.constantFrom(PATIENT, 'cd'.repeat(32)),
        related: uuid,
        detail,
      },
      { requiredKeys: ['type', 'outcome', 'actor'] },
    )
    .map((event) => parseEntry(makeEntry(event, GATEWAY, Date.UTC(2026, 0, 31, 2, 14)).bytes))

/** One entry with these values. */
export const entryOf = (values: Partial<LedgerEntry> & Pick<LedgerEntry, 'type'>): LedgerEntry => ({
  ...parseEntry(
    makeEntry({ outcome: 0, actor: READER, ...values }, GATEWAY, Date.UTC(2026, 0, 31, 2, 14))
      .bytes,
  ),
})
