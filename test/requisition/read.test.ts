/** Orders as systems write them, and bytes that are none. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cleanWritten } from '../../src/deidentify/text/index.js'
import {
  documentOf,
  expectComplete,
  readMessage,
  readOrder,
  readServiceRequest,
} from '../../src/requisition/index.js'

const clean = (text: string, names: readonly string[]) => cleanWritten(text, names, ['en'])
const order = (...lines: readonly string[]) => {
  const message = readMessage(lines.join('\r'))
  return message && readOrder(message)
}
const MSH = 'MSH|^~\\&|RIS|HOSP|NOCTURNE|N|20260301||ORM^O01^ORM_O01|C1|P|2.5.1'
const FULL = [
  MSH,
  'PID|1||P-77^^^HOSP^MR~999-88-7777^^^SSA^SS||Quigley^Zebulon^X||19610704|M|||12 Elm^^Springfield||555-0199',
  'NK1|1|Quigley^Hortensia|SPO',
  'GT1|1||Quigley^Barnaby',
  'IN1|1|PLAN|ACME Mutual|||||||||||||Quigley^Zebulon',
  'ORC|NW|PL-1|FI-1||||||||||^Welby|||^WPN^PH^^^555^0123',
  'OBR|1|PL-1|FI-1|70450^CT head without contrast^C4||||||||fall, on warfarin; Zebulon lives alone||||Welby^Marcus|(555) 555-0123 Dr. Welby|ACC-9|||||||||||||R51^headache',
  'OBX|1|TX|Q1^Clinical question^L||Hemorrhage?',
  'NTE|1||Hortensia Quigley says he vomited.',
]

describe('an order in HL7 v2', () => {
  it('becomes a document of allowed fields, without anybody’s name', () => {
    const found = order(...FULL)
    expect(found).toMatchObject({ control: 'C1', isEnded: false })
    expect(found?.requisition.accessions).toEqual(['ACC-9', 'FI-1', 'PL-1'])
    expect(found?.requisition.patientIds).toEqual(['P-77', '999-88-7777'])
    const text = String(found && documentOf(found.requisition, clean))
    expect(text).toContain('Procedure: CT head without contrast')
    expect(text).toContain('Reason: headache')
    expect(text).toContain('Question: Hemorrhage')
    expect(text).toContain('Call-back number of the ordering provider: (555) 555-0123\n')
    for (const name of [
      'Quigley',
      'Zebulon',
      'Hortensia',
      'Barnaby',
      'ACME',
      'Welby',
      'P-77',
      '7777',
    ])
      expect(text).not.toContain(name)
    expect(text).not.toContain('19610704')
  })

  it('is unescaped with the separators of its own header', () => {
    const message = readMessage(
      'MSH*:~\\&*RIS**a*b***ORM:O01*1*P*2.5\rOBR*1****a\\F\\b\\S\\c\\.br\\d',
    )
    expect(message?.segments[1]?.text(5)).toBe('a*b:c\nd')
  })

  it.each(['CA', 'DC', 'OC'])('ends an order: %s', (control) => {
    expect(order(MSH, 'PID|1||P', `ORC|${control}|1`, 'OBR|1|1')?.isEnded).toBe(true)
  })

  it('is none for another type, and for anything without a header', () => {
    expect(order(MSH.replace('ORM^O01^ORM_O01', 'ADT^A01'), 'PID|1||P')).toBeUndefined()
    expect(readMessage('PID|1||P')).toBeUndefined()
    expect(readMessage('MSH')).toBeUndefined()
    expect(readMessage('')).toBeUndefined()
  })

  it('never throws, whatever comes', () => {
    const field = fc.string({ maxLength: 20 })
    const line = fc.array(field, { maxLength: 40 }).map((all) => all.join('|'))
    const lines = fc.array(
      fc.tuple(fc.constantFrom('PID', 'ORC', 'OBR', 'OBX', 'NTE', 'MSH', ''), line),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(lines, (all) => {
        const found = order(MSH, ...all.map(([name, rest]) => `${name}|${rest}`))
        if (found) documentOf(found.requisition, clean)
      }),
    )
  })
})

describe('a requisition', () => {
  it('must have what its facility requires, and what it is matched by', () => {
    const whole = order(...FULL)?.requisition
    if (!whole) throw new Error('no order')
    expect(() => expectComplete(whole, ['reason', 'callback'])).not.toThrow()
    expect(() => expectComplete(whole, ['contrast'])).toThrow(
      expect.objectContaining({ code: 'requisition_incomplete', field: 'contrast' }),
    )
    expect(() => expectComplete({ ...whole, accessions: [] }, [])).toThrow(
      expect.objectContaining({ code: 'requisition_unmatchable' }),
    )
    expect(() => expectComplete({ ...whole, patientIds: [] }, [])).toThrow(
      expect.objectContaining({ code: 'requisition_unmatchable' }),
    )
  })

  it('is read from a FHIR ServiceRequest, if that is active', () => {
    const request = {
      resourceType: 'ServiceRequest',
      status: 'active',
      identifier: [{ value: 'PL-1' }, { type: { coding: [{ code: 'ACSN' }] }, value: 'ACC-9' }],
      subject: { identifier: { value: 'P-77' }, display: 'Zebulon Quigley' },
      code: { text: 'CT head' },
      reasonCode: [{ coding: [{ code: 'R51', display: 'headache' }] }],
      note: [{ text: 'Zebulon fell.' }],
      contained: [
        { resourceType: 'Patient', name: [{ family: 'Quigley' }] },
        { resourceType: 'PractitionerRole', telecom: [{ system: 'phone', value: '+1 555 0100' }] },
      ],
    }
    const read = readServiceRequest(request)
    expect(read).toMatchObject({ accessions: ['ACC-9'], patientIds: ['P-77'] })
    const text = String(read && documentOf(read, clean))
    expect(text).toContain('Reason: headache')
    expect(text).toContain('+1 555 0100')
    expect(text).not.toMatch(/Zebulon|Quigley/)
    expect(readServiceRequest({ ...request, status: 'revoked' })).toBeUndefined()
    expect(readServiceRequest({ resourceType: 'Patient' })).toBeUndefined()
    expect(readServiceRequest('x')).toBeUndefined()
  })
})
