/** Command sets (PS3.7 section 6.3, Annex E): group 0000 in Implicit VR Little Endian. Pure. */
import { AbortReason, PduError } from './pdu-error.js'

export const CommandField = {
  storeRq: 0x0001,
  storeRsp: 0x8001,
  findRq: 0x0020,
  findRsp: 0x8020,
  moveRq: 0x0021,
  moveRsp: 0x8021,
  echoRq: 0x0030,
  echoRsp: 0x8030,
  eventRq: 0x0100,
  eventRsp: 0x8100,
  setRq: 0x0120,
  setRsp: 0x8120,
  actionRq: 0x0130,
  actionRsp: 0x8130,
  createRq: 0x0140,
  createRsp: 0x8140,
  cancelRq: 0x0fff,
} as const

const RESPONSE = 0x8000

/** PS3.7 Annex C, PS3.4 Table B.2-1. */
export const Status = {
  success: 0x0000,
  /**
   * A warning with which the instance counts as stored: coercion of data elements is the nearest
   * match for being held for review.
   */
  held: 0xb000,
  outOfResources: 0xa700,
  doesNotMatch: 0xa900,
  cannotUnderstand: 0xc000,
  invalidValue: 0x0106,
  processingFailure: 0x0110,
  duplicateInstance: 0x0111,
  noSuchInstance: 0x0112,
  invalidInstance: 0x0117,
  classNotSupported: 0x0122,
  noSuchAction: 0x0123,
  notAuthorised: 0x0124,
  duplicateInvocation: 0x0210,
  unrecognizedOperation: 0x0211,
  mistypedArgument: 0x0212,
} as const

export interface Command {
  readonly field: number
  readonly messageId: number | undefined
  readonly respondedTo: number | undefined
  /** The affected or the requested SOP class. */
  readonly sopClass: string | undefined
  readonly sopInstance: string | undefined
  readonly status: number | undefined
  readonly actionType: number | undefined
  readonly eventType: number | undefined
  /** Of C-MOVE: instances that could not be sent. */
  readonly failed: number | undefined
  readonly hasDataSet: boolean
}

export const isResponse = ({ field }: Command): boolean => (field & RESPONSE) !== 0

export const Tag = {
  groupLength: 0x0000,
  affectedClass: 0x0002,
  requestedClass: 0x0003,
  field: 0x0100,
  messageId: 0x0110,
  respondedTo: 0x0120,
  moveDestination: 0x0600,
  priority: 0x0700,
  dataSetType: 0x0800,
  status: 0x0900,
  errorComment: 0x0902,
  affectedInstance: 0x1000,
  requestedInstance: 0x1001,
  eventType: 0x1002,
  actionType: 0x1008,
  failedSubOperations: 0x1022,
} as const

export const NO_DATA_SET = 0x0101
export const A_DATA_SET = 0x0001

/** Real command sets are a few hundred octets. */
export const MAX_COMMAND = 64 * 1024

/** @throws PduError if the bytes are not a command set. */
export function decodeCommand(bytes: Buffer): Command {
  const elements = elementsOf(bytes)
  const number = (tag: number): number | undefined => {
    const value = elements.get(tag)
    if (value === undefined || value.length === 0) return undefined
    if (value.length !== 2) throw invalid()
    return value.readUInt16LE(0)
  }
  const uid = (tag: number): string | undefined => {
    const text = elements
      .get(tag)
      ?.toString('latin1')
      .replace(/[\0 ]+$/, '')
    if (text === undefined || text === '') return undefined
    if (text.length > 64 || !/^[0-9.]+$/.test(text)) throw invalid()
    return text
  }
  const field = number(Tag.field)
  if (field === undefined) throw invalid()
  return {
    field,
    messageId: number(Tag.messageId),
    respondedTo: number(Tag.respondedTo),
    sopClass: uid(Tag.affectedClass) ?? uid(Tag.requestedClass),
    sopInstance: uid(Tag.affectedInstance) ?? uid(Tag.requestedInstance),
    status: number(Tag.status),
    actionType: number(Tag.actionType),
    eventType: number(Tag.eventType),
    failed: number(Tag.failedSubOperations),
    hasDataSet: (number(Tag.dataSetType) ?? NO_DATA_SET) !== NO_DATA_SET,
  }
}

function elementsOf(bytes: Buffer): Map<number, Buffer> {
  const elements = new Map<number, Buffer>()
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length || bytes.readUInt16LE(at) !== 0) throw invalid()
    const end = at + 8 + bytes.readUInt32LE(at + 4)
    if (end > bytes.length) throw invalid()
    elements.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end))
    at = end
  }
  return elements
}

const invalid = () => new PduError(AbortReason.invalidParameter)

type Element = readonly [tag: number, value: number | string | undefined]

/**
 * Encodes elements in the given order, which must be ascending. Elements without a value are left
 * out.
 */
export function encodeCommand(elements: readonly Element[]): Buffer {
  const parts = elements.flatMap(([tag, value]) => {
    if (value === undefined) return []
    const bytes = typeof value === 'number' ? us(value) : text(tag, value)
    return [head(tag, bytes.length), bytes]
  })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(parts.reduce((sum, { length: size }) => sum + size, 0))
  return Buffer.concat([head(Tag.groupLength, 4), length, ...parts])
}

function head(tag: number, length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(tag, 2)
  bytes.writeUInt32LE(length, 4)
  return bytes
}

function us(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

const SPACED: ReadonlySet<number> = new Set([Tag.errorComment, Tag.moveDestination])

/** UIDs are padded with NUL, text with a space (PS3.5 6.2). */
const text = (tag: number, value: string): Buffer =>
  Buffer.from(value.length % 2 === 0 ? value : value + (SPACED.has(tag) ? ' ' : '\0'), 'latin1')

/**
 * PS3.7 Annex C allows at most 64 characters. Comments are our own fixed texts and never contain
 * anything from the instance.
 */
const MAX_COMMENT = 64

/** Builds the response to a request, including the fields it must repeat. */
export function responseTo(request: Command, status: number, comment?: string): Buffer {
  return encodeCommand([
    [Tag.affectedClass, request.sopClass],
    [Tag.field, request.field | RESPONSE],
    [Tag.respondedTo, request.messageId ?? 0],
    [Tag.dataSetType, NO_DATA_SET],
    [Tag.status, status],
    [Tag.errorComment, comment?.slice(0, MAX_COMMENT)],
    [Tag.affectedInstance, request.sopInstance],
    [Tag.eventType, request.field === CommandField.eventRq ? request.eventType : undefined],
    [Tag.actionType, request.field === CommandField.actionRq ? request.actionType : undefined],
  ])
}

/** C-STORE-RQ (PS3.7 section 9.3.1.1), of medium priority. */
export const storeRequest = (
  messageId: number,
  sop: { readonly sopClass: string; readonly sopInstance: string },
): Buffer =>
  encodeCommand([
    [Tag.affectedClass, sop.sopClass],
    [Tag.field, CommandField.storeRq],
    [Tag.messageId, messageId],
    [Tag.priority, 0],
    [Tag.dataSetType, A_DATA_SET],
    [Tag.affectedInstance, sop.sopInstance],
  ])

export const eventRequest = (
  messageId: number,
  sop: { readonly sopClass: string; readonly sopInstance: string },
  eventType: number,
): Buffer =>
  encodeCommand([
    [Tag.affectedClass, sop.sopClass],
    [Tag.field, CommandField.eventRq],
    [Tag.messageId, messageId],
    [Tag.dataSetType, A_DATA_SET],
    [Tag.affectedInstance, sop.sopInstance],
    [Tag.eventType, eventType],
  ])

/** C-FIND-RQ (PS3.7 9.3.2.1), or C-MOVE-RQ (9.3.4.1) to an AE title; of medium priority. */
export const queryRequest = (messageId: number, sopClass: string, destination?: string): Buffer =>
  encodeCommand([
    [Tag.affectedClass, sopClass],
    [Tag.field, destination === undefined ? CommandField.findRq : CommandField.moveRq],
    [Tag.messageId, messageId],
    [Tag.moveDestination, destination],
    [Tag.priority, 0],
    [Tag.dataSetType, A_DATA_SET],
  ])
