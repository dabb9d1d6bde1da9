import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeCommand, responseTo } from '../../src/doors/dimse/command.js'
import { storeRequest } from './_commands.js'
import { decodeControl, encodeControl, pduHeadIn } from '../../src/doors/dimse/pdu.js'
import type { AssociateRq, ControlPdu } from '../../src/doors/dimse/pdu.js'
import { PduError } from '../../src/doors/dimse/pdu-error.js'

const uid = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 2, maxLength: 10 })
  .map((parts) => parts.join('.').slice(0, 64))
const title = fc.stringMatching(/^[A-Z0-9_]([A-Z0-9_ ]{0,14}[A-Z0-9_])?$/)
const octet = fc.integer({ min: 0, max: 255 })

const user = fc.record({
  maxLength: fc.integer({ min: 0, max: 0xffffffff }),
  implementationClass: fc.oneof(uid, fc.constant('')),
  implementationVersion: fc.oneof(title, fc.constant('')),
  asyncOperations: fc.option(fc.record({ invoked: fc.nat(0xffff), performed: fc.nat(0xffff) }), {
    nil: undefined,
  }),
  roles: fc.array(fc.record({ sopClass: uid, scu: fc.boolean(), scp: fc.boolean() }), {
    maxLength: 4,
  }),
})
const common = {
  protocolVersion: fc.nat(0xffff),
  called: title,
  calling: title,
  applicationContext: uid,
  user,
}
const numbered = <T extends object>(context: fc.Arbitrary<T>) =>
  fc
    .array(context, { maxLength: 128 })
    .map((all) => all.map((one, i) => ({ id: 2 * i + 1, ...one })))

const pdu: fc.Arbitrary<ControlPdu> = fc.oneof(
  fc.record({
    kind: fc.constant('associate-rq' as const),
    ...common,
    contexts: numbered(
      fc.record({
        abstractSyntax: uid,
        transferSyntaxes: fc.array(uid, { minLength: 1, maxLength: 5 }),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('associate-ac' as const),
    ...common,
    contexts: numbered(
      fc.oneof(
        fc.record({ result: fc.constant(0), transferSyntax: uid }),
        fc.record({ result: fc.integer({ min: 1, max: 4 }), transferSyntax: fc.constant('') }),
      ),
    ),
  }),
  fc.record({
    kind: fc.constant('associate-rj' as const),
    result: octet,
    source: octet,
    reason: octet,
  }),
  fc.record({ kind: fc.constantFrom('release-rq' as const, 'release-rp' as const) }),
  fc.record({ kind: fc.constant('abort' as const), source: octet, reason: octet }),
)

const decode = (bytes: Buffer): ControlPdu => {
  const { type, length } = pduHeadIn(bytes)
  expect(length).toBe(bytes.length - 6)
  return decodeControl(type, bytes.subarray(6))
}

/** An A-ASSOCIATE-RQ as sent by echoscu of dcmtk 3.6.7. */
const ECHOSCU = Buffer.from(
  '0100000000cd00010000' +
    Buffer.from('NOCTURNE        FACILITY_A      ').toString('hex') +
    '00'.repeat(32) +
    '10000015312e322e3834302e31303030382e332e312e312e31' +
    '2000002e01000000' +
    '30000011312e322e3834302e31303030382e312e31' +
    '40000011312e322e3834302e31303030382e312e32' +
    '5000003a' +
    '5100000400004000' +
    '5200001b312e322e3237362e302e373233303031302e332e302e332e362e37' +
    '5500000f4f464649535f44434d544b5f333637',
  'hex',
)

describe('a PDU', () => {
  it('decodes to what was encoded, whatever it contains', () => {
    fc.assert(
      fc.property(pdu, (one) => {
        expect(decode(encodeControl(one))).toEqual(one)
      }),
    )
  })

  it('from dcmtk is decoded, and encoded again octet for octet', () => {
    const request = decode(ECHOSCU) as AssociateRq
    expect(request).toMatchObject({
      called: 'NOCTURNE',
      calling: 'FACILITY_A',
      contexts: [
        { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] },
      ],
      user: { maxLength: 16384, implementationVersion: 'OFFIS_DCMTK_367' },
    })
    expect(encodeControl(request).toString('hex')).toBe(ECHOSCU.toString('hex'))
  })

  it('is refused or decodes to the same again, for arbitrary octets', () => {
    const types = fc.integer({ min: 0, max: 9 })
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(ECHOSCU.length - 7), octet).map(([at, value]) => {
        const changed = Buffer.from(ECHOSCU.subarray(6))
        changed[at] = value
        return changed
      }),
    )
    fc.assert(
      fc.property(types, body, (type, octets) => {
        let read: ControlPdu
        try {
          read = decodeControl(type, Buffer.from(octets))
        } catch (error) {
          expect(error).toBeInstanceOf(PduError)
          return
        }
        expect(decode(encodeControl(read))).toEqual(read)
      }),
      { numRuns: 2_000 },
    )
  })

  it('truncated at any point is refused', () => {
    const body = ECHOSCU.subarray(6)
    const whole = decodeControl(1, body)
    for (let end = 0; end < body.length; end += 1) {
      let read: ControlPdu | undefined
      try {
        read = decodeControl(1, body.subarray(0, end))
      } catch (error) {
        expect(error).toBeInstanceOf(PduError)
      }
      // Truncated after the last item but one, it is a complete request that says less.
      if (read) expect(read).not.toEqual(whole)
    }
  })

  it('is refused with a repeated or even context ID', () => {
    const request = decode(ECHOSCU) as AssociateRq
    const [context] = request.contexts
    for (const contexts of [[context!, context!], [{ ...context!, id: 2 }]]) {
      expect(() => decode(encodeControl({ ...request, contexts }))).toThrow(PduError)
    }
  })
})

describe('a command set', () => {
  it('decodes to what was encoded', () => {
    const command = decodeCommand(storeRequest(7, '1.2.840.10008.5.1.4.1.1.2', '1.2.3'))
    expect(command).toMatchObject({
      field: 1,
      messageId: 7,
      sopClass: '1.2.840.10008.5.1.4.1.1.2',
      sopInstance: '1.2.3',
      hasDataSet: true,
    })
    const answer = decodeCommand(responseTo(command, 0xb000, 'held for review'))
    expect(answer).toMatchObject({
      field: 0x8001,
      respondedTo: 7,
      status: 0xb000,
      sopInstance: '1.2.3',
      hasDataSet: false,
    })
  })

  it('is refused or decoded, for arbitrary octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
        try {
          decodeCommand(Buffer.from(octets))
        } catch (error) {
          expect(error).toBeInstanceOf(PduError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
