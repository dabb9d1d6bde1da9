import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Fhir } from 'fhir'
import { EVENT_TYPES } from '../../../src/ledger/log/events.js'
import { toAuditEvent } from '../../../src/ledger/records/audit-event.js'
import type { LedgerEntry } from '../../../src/ledger/log/events.js'
import { claimsOf, faultsOf } from './_balp.js'
import {
  entries,
  entryOf,
  GATEWAY,
  PATIENT,
  READER,
  SENDER,
  SOURCE,
  SYSTEM,
  TOKEN,
  TRANSFER,
  TYPES,
} from './_entries.js'

const validator = new Fhir()

/**
 * Errors from a validator based on R4's own definitions, ignoring value sets that it does not
 * include.
 */
function complaintsOf(resource: object): string[] {
  const { messages } = validator.validate(resource, { errorOnUnexpected: true })
  return messages
    .filter(({ severity }) => ['error', 'fatal'].includes(String(severity)))
    .map(({ location, message }) => `${location}: ${message}`)
}

const recordOf = (entry: LedgerEntry) => toAuditEvent(entry, 7, SOURCE)
const FHIR_STRING = /^[ \r\n\t\S]+$/

/** Every string in the value, at any depth. */
const stringsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(stringsIn)
      : []

describe('the AuditEvent of an entry', () => {
  it.each(TYPES)('is valid FHIR R4 and conforms to the profile that it claims: %s', (type) => {
    fc.assert(
      fc.property(entries(type), (entry) => {
        const resource = recordOf(entry)
        expect(complaintsOf(resource)).toEqual([])
        expect(faultsOf(resource)).toEqual([])
        for (const text of stringsIn(resource)) expect(text).toMatch(FHIR_STRING)
        expect(resource.agent.filter(({ requestor }) => requestor)).toHaveLength(1)
        for (const { name, query } of resource.entity)
          expect(name === undefined || query === undefined).toBe(true)
      }),
      { numRuns: 12 },
    )
  })

  it('is not valid with a field, code or agent that R4 does not have', () => {
    const good = recordOf(entryOf({ type: 'gateway.started' }))
    for (const bad of [
      { ...good, more: 1 },
      { ...good, action: 'Z' },
      { ...good, agent: [] },
    ])
      expect(complaintsOf(bad)).not.toEqual([])
  })

  it.each<[string, Partial<LedgerEntry> & Pick<LedgerEntry, 'type'>, string[]]>([
    [
      'an item of a patient',
      { type: 'item.accepted', actor: SENDER, patient: PATIENT },
      ['PatientCreate'],
    ],
    ['an item of nobody known', { type: 'item.accepted', actor: SENDER }, ['Create']],
    ['a whole transfer', { type: 'transfer.available', actor: SENDER }, ['Create']],
    ['one with items left out', { type: 'transfer.available', actor: SENDER, outcome: 4 }, []],
    ['a claim', { type: 'transfer.claimed' }, ['Update']],
    ['a download that ended', { type: 'download.ended' }, ['Read']],
    ['one of an instance', { type: 'download.ended', patient: PATIENT }, ['PatientRead']],
    ['one that was broken off', { type: 'download.ended', outcome: 4 }, []],
    ['one that the sweep ended', { type: 'download.ended', actor: SYSTEM }, []],
    ['the intent to download', { type: 'download.begun' }, []],
    ['a read of the ledger', { type: 'ledger.read' }, ['Query']],
    ['one about a patient', { type: 'ledger.read', patient: PATIENT }, ['PatientQuery']],
    [
      'one on the site itself',
      { type: 'ledger.read', actor: { id: 'site', role: 'operator', method: 'site' } },
      [],
    ],
    [
      'an address that is none',
      { type: 'ledger.read', actor: { ...READER, address: 'unknown' } },
      [],
    ],
    ['a refusal', { type: 'access.refused', outcome: 8 }, []],
  ])('claims a profile of BALP only where it fits: %s', (_what, values, claims) => {
    const resource = recordOf(
      entryOf({
        facility: 'facility-a',
        ...(values.type !== 'ledger.read' && { transfer: TRANSFER }),
        ...values,
      }),
    )
    expect(claimsOf(resource)).toEqual(claims)
    expect(faultsOf(resource)).toEqual([])
  })

  it('is checked against the profile it claims', () => {
    const good = recordOf(
      entryOf({ type: 'item.accepted', actor: SENDER, patient: PATIENT, transfer: TRANSFER }),
    )
    const [patient, data, ...rest] = good.entity
    const [client, ...others] = good.agent
    const bad = [
      { ...good, outcome: '4' },
      { ...good, action: 'R' },
      { ...good, subtype: good.subtype.slice(1) },
      { ...good, entity: [data, ...rest] },
      { ...good, entity: [patient, ...rest] },
      { ...good, agent: others },
      { ...good, agent: [{ ...client, network: undefined }, ...others] },
    ]
    for (const one of bad) expect(faultsOf(one)).not.toEqual([])
  })

  it("has DICOM's codes and our own, whether or not it is a RESTful action", () => {
    for (const type of TYPES) {
      const resource = recordOf(entryOf({ type }))
      const codes = [resource.type, ...resource.subtype].map(({ code }) => code)
      expect(codes).toEqual(expect.arrayContaining([...EVENT_TYPES[type], type]))
    }
  })

  it('refers to the proof, to the patient by handle and to the token by ID only', () => {
    const resource = recordOf(
      entryOf({
        type: 'item.accepted',
        actor: SENDER,
        patient: PATIENT,
        facility: 'facility-a',
        transfer: TRANSFER,
      }),
    )
    const identifiers = resource.entity.map(({ what }) => what?.identifier)
    expect(identifiers).toEqual([
      { system: `https://${GATEWAY}/fhir/NamingSystem/patient-handle/facility-a`, value: PATIENT },
      { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${TRANSFER}` },
      { system: `https://${GATEWAY}/fhir/NamingSystem/ledger-index`, value: '7' },
    ])
    expect(resource.agent.at(-1)).toMatchObject({ altId: TOKEN, requestor: true })
  })

  it("states failures only in the catalogue's words", () => {
    const reasonOf = (code: string) =>
      recordOf(entryOf({ type: 'item.refused', outcome: 4, detail: { code } })).outcomeDesc
    expect(reasonOf('empty_file')).toBe('the file is empty')
    expect(reasonOf('Smith^John')).toBe('minor failure')
  })

  it('shows an entry from a newer gateway with the codes it was recorded with', () => {
    const entry = {
      ...entryOf({ type: 'gateway.started' }),
      type: 'moon.landed' as 'gateway.started',
      dcm: ['110113', '110199'],
    }
    const resource = recordOf(entry)
    expect(resource.type.code).toBe('110113')
    expect(resource.subtype.map(({ code }) => code)).toEqual(['110199', 'moon.landed'])
    expect(complaintsOf(resource)).toEqual([])
  })
})
