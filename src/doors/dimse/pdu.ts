/**
 * Encodes and decodes the seven PDUs of the DICOM upper layer (PS3.8 9.3). Pure functions.
 * P-DATA-TF, the only PDU without an inherent size bound, is never held whole: `association` reads
 * its PDVs as they arrive.
 */
import {
  ItemType,
  MAX_CONTEXTS,
  answeredContextIn,
  answeredContextItem,
  itemsIn,
  proposedContextIn,
  proposedContextItem,
  uidIn,
  uidItem,
  userInformationIn,
  userInformationItem,
} from './items.js'
import type { AnsweredContext, ProposedContext, UserInformation } from './items.js'
import { AbortReason, PduError } from './pdu-error.js'

export const PduType = {
  associateRq: 0x01,
  associateAc: 0x02,
  associateRj: 0x03,
  data: 0x04,
  releaseRq: 0x05,
  releaseRp: 0x06,
  abort: 0x07,
} as const

export const PDU_HEAD = 6

/**
 * Octets of an A-ASSOCIATE-RQ or -AC: 128 contexts with a dozen transfer syntaxes each need 60 KiB.
 */
export const MAX_ASSOCIATE = 256 * 1024

interface Associate<Context> {
  /** Bit 0 is version 1, the only one that exists. */
  readonly protocolVersion: number
  /** Without padding. */
  readonly called: string
  readonly calling: string
  readonly applicationContext: string
  readonly contexts: readonly Context[]
  readonly user: UserInformation
}

export interface AssociateRq extends Associate<ProposedContext> {
  readonly kind: 'associate-rq'
}
export interface AssociateAc extends Associate<AnsweredContext> {
  readonly kind: 'associate-ac'
}

/** PS3.8 Table 9-21. */
export interface AssociateRj {
  readonly kind: 'associate-rj'
  /** 1 rejected permanent, 2 rejected transient. */
  readonly result: number
  /** 1 service user, 2 service provider (ACSE), 3 service provider (presentation). */
  readonly source: number
  readonly reason: number
}

export interface Release {
  readonly kind: 'release-rq' | 'release-rp'
}
export interface Abort {
  readonly kind: 'abort'
  /** 0 service user, 2 service provider. */
  readonly source: number
  readonly reason: number
}

export type ControlPdu = AssociateRq | AssociateAc | AssociateRj | Release | Abort

export interface PduHead {
  readonly type: number
  /** Octets that follow the header. */
  readonly length: number
}

export const pduHeadIn = (head: Buffer): PduHead => ({
  type: head.readUInt8(0),
  length: head.readUInt32BE(2),
})

/**
 * Largest allowed number of octets after the header of a control PDU; undefined for an unknown
 * type.
 */
export function mostOctets(type: number): number | undefined {
  switch (type) {
    case PduType.associateRq:
    case PduType.associateAc:
      return MAX_ASSOCIATE
    case PduType.associateRj:
    case PduType.releaseRq:
    case PduType.releaseRp:
    case PduType.abort:
      return 4
    default:
      return undefined
  }
}

/** @throws PduError */
export function decodeControl(type: number, body: Buffer): ControlPdu {
  switch (type) {
    case PduType.associateRq:
      return {
        kind: 'associate-rq',
        ...associateIn(body, ItemType.proposedContext, proposedContextIn),
      }
    case PduType.associateAc:
      return {
        kind: 'associate-ac',
        ...associateIn(body, ItemType.answeredContext, answeredContextIn),
      }
    case PduType.associateRj: {
      const [, result, source, reason] = four(body)
      return { kind: 'associate-rj', result, source, reason }
    }
    case PduType.releaseRq:
      four(body)
      return { kind: 'release-rq' }
    case PduType.releaseRp:
      four(body)
      return { kind: 'release-rp' }
    case PduType.abort: {
      const [, , source, reason] = four(body)
      return { kind: 'abort', source, reason }
    }
    default:
      throw new PduError(AbortReason.unrecognizedPdu)
  }
}

export function encodeControl(pdu: ControlPdu): Buffer {
  switch (pdu.kind) {
    case 'associate-rq':
      return associate(PduType.associateRq, pdu, pdu.contexts.map(proposedContextItem))
    case 'associate-ac':
      return associate(PduType.associateAc, pdu, pdu.contexts.map(answeredContextItem))
    case 'associate-rj':
      return whole(PduType.associateRj, Buffer.from([0, pdu.result, pdu.source, pdu.reason]))
    case 'release-rq':
      return whole(PduType.releaseRq, Buffer.alloc(4))
    case 'release-rp':
      return whole(PduType.releaseRp, Buffer.alloc(4))
    case 'abort':
      return whole(PduType.abort, Buffer.from([0, 0, pdu.source, pdu.reason]))
  }
}

export function pduHead(type: number, length: number): Buffer {
  const head = Buffer.alloc(PDU_HEAD)
  head.writeUInt8(type, 0)
  head.writeUInt32BE(length, 2)
  return head
}

const whole = (type: number, body: Buffer): Buffer =>
  Buffer.concat([pduHead(type, body.length), body])

/** The fixed part: version, reserved, called and calling AE title, 32 reserved octets. */
const FIXED = 68

function associateIn<Context extends { readonly id: number }>(
  body: Buffer,
  contextType: number,
  contextIn: (value: Buffer) => Context,
): Associate<Context> {
  if (body.length < FIXED) throw new PduError(AbortReason.invalidParameter)
  const contexts = new Map<number, Context>()
  let applicationContext: string | undefined
  let user: UserInformation | undefined
  for (const { type, value } of itemsIn(body.subarray(FIXED))) {
    if (type === ItemType.applicationContext) applicationContext = uidIn(value)
    else if (type === ItemType.userInformation) user = userInformationIn(value)
    else if (type === contextType) {
      const context = contextIn(value)
      if (contexts.has(context.id)) throw new PduError(AbortReason.invalidParameter)
      contexts.set(context.id, context)
      if (contexts.size > MAX_CONTEXTS) throw new PduError(AbortReason.invalidParameter)
    }
  }
  if (applicationContext === undefined || user === undefined) {
    throw new PduError(AbortReason.invalidParameter)
  }
  return {
    protocolVersion: body.readUInt16BE(0),
    called: aeTitleIn(body.subarray(4, 20)),
    calling: aeTitleIn(body.subarray(20, 36)),
    applicationContext,
    contexts: [...contexts.values()],
    user,
  }
}

function associate(type: number, pdu: Associate<unknown>, contexts: readonly Buffer[]): Buffer {
  const fixed = Buffer.alloc(FIXED)
  fixed.writeUInt16BE(pdu.protocolVersion, 0)
  fixed.write(pdu.called.padEnd(16), 4, 16, 'latin1')
  fixed.write(pdu.calling.padEnd(16), 20, 16, 'latin1')
  const items = [
    uidItem(ItemType.applicationContext, pdu.applicationContext),
    ...contexts,
    userInformationItem(pdu.user),
  ]
  return whole(type, Buffer.concat([fixed, ...items]))
}

/** Leading and trailing spaces are not significant (PS3.5 6.2, AE). */
const aeTitleIn = (bytes: Buffer): string => bytes.toString('latin1').replace(/\0+$/, '').trim()

function four(body: Buffer): readonly [number, number, number, number] {
  if (body.length !== 4) throw new PduError(AbortReason.invalidParameter)
  return [body.readUInt8(0), body.readUInt8(1), body.readUInt8(2), body.readUInt8(3)]
}
