/**
 * The variable items of an association PDU (PS3.8 9.3.2, 9.3.3 and Annex D): type, reserved octet,
 * 16-bit length, value. Pure functions. All input is bounded here: counts, lengths of UIDs, lengths
 * of items.
 */
import { AbortReason, PduError } from './pdu-error.js'

export const ItemType = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  answeredContext: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxLength: 0x51,
  implementationClass: 0x52,
  asyncOperations: 0x53,
  roleSelection: 0x54,
  implementationVersion: 0x55,
} as const

/** Result of a presentation context (PS3.8 Table 9-18). */
export const ContextResult = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const

export interface ProposedContext {
  /** Odd, 1 to 255. */
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

export interface AnsweredContext {
  readonly id: number
  readonly result: number
  /** Empty when the context was refused and no syntax was given. */
  readonly transferSyntax: string
}

/** SCP/SCU role selection (PS3.7 D.3.3.4). */
export interface RoleSelection {
  readonly sopClass: string
  readonly scu: boolean
  readonly scp: boolean
}

/**
 * Negotiated user information. Extended negotiation (56H, 57H) and user identity (58H, 59H) are
 * skipped: callers are identified by AE title, address and certificate, and a passcode that is
 * never stored cannot leak.
 */
export interface UserInformation {
  /**
   * Largest P-DATA-TF that this side accepts, in octets after the PDU header; 0 means unlimited.
   */
  readonly maxLength: number
  readonly implementationClass: string
  readonly implementationVersion: string
  readonly asyncOperations: { readonly invoked: number; readonly performed: number } | undefined
  readonly roles: readonly RoleSelection[]
}

export const MAX_CONTEXTS = 128
const MAX_SYNTAXES = 64
const MAX_ROLES = 128
const MAX_ITEMS = 512
/**
 * PS3.5 section 9 limits a UID to 64 characters; a few more are read to tolerate trailing padding.
 */
const MAX_UID = 72

interface Item {
  readonly type: number
  readonly value: Buffer
}

/**
 * Yields items until the last octet.
 *
 * @throws PduError when an item extends past the end.
 */
export function* itemsIn(bytes: Buffer): Generator<Item> {
  let at = 0
  for (let count = 1; at < bytes.length; count += 1) {
    if (count > MAX_ITEMS || at + 4 > bytes.length) throw invalid()
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    if (end > bytes.length) throw invalid()
    yield { type: bytes.readUInt8(at), value: bytes.subarray(at + 4, end) }
    at = end
  }
}

export function item(type: number, ...values: readonly Buffer[]): Buffer {
  const value = Buffer.concat(values)
  const head = Buffer.alloc(4)
  head.writeUInt8(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value])
}

export const uidItem = (type: number, uid: string): Buffer => item(type, Buffer.from(uid, 'latin1'))

/** @throws PduError for anything other than digits and dots. */
export function uidIn(value: Buffer): string {
  const uid = value.toString('latin1').replace(/[\0 ]+$/, '')
  if (uid.length > MAX_UID || !/^[0-9.]+$/.test(uid)) throw invalid()
  return uid
}

export function proposedContextIn(value: Buffer): ProposedContext {
  const id = contextIdIn(value)
  let abstractSyntax: string | undefined
  const transferSyntaxes: string[] = []
  for (const { type, value: inner } of itemsIn(value.subarray(4))) {
    if (type === ItemType.abstractSyntax && abstractSyntax === undefined) {
      abstractSyntax = uidIn(inner)
    } else if (type === ItemType.transferSyntax && transferSyntaxes.length < MAX_SYNTAXES) {
      transferSyntaxes.push(uidIn(inner))
    } else throw invalid()
  }
  if (abstractSyntax === undefined || transferSyntaxes.length === 0) throw invalid()
  return { id, abstractSyntax, transferSyntaxes }
}

export function answeredContextIn(value: Buffer): AnsweredContext {
  const id = contextIdIn(value)
  const result = value.readUInt8(2)
  let transferSyntax = ''
  for (const { type, value: inner } of itemsIn(value.subarray(4))) {
    // The transfer syntax of a refused context is not significant (9.3.3.2), and some peers leave
    // it empty.
    if (type === ItemType.transferSyntax && result === ContextResult.acceptance) {
      transferSyntax = uidIn(inner)
    }
  }
  if (result === ContextResult.acceptance && transferSyntax === '') throw invalid()
  return { id, result, transferSyntax }
}

function contextIdIn(value: Buffer): number {
  const id = value.length >= 4 ? value.readUInt8(0) : 0
  if (id % 2 === 0) throw invalid()
  return id
}

export const proposedContextItem = (context: ProposedContext): Buffer =>
  item(
    ItemType.proposedContext,
    Buffer.from([context.id, 0, 0, 0]),
    uidItem(ItemType.abstractSyntax, context.abstractSyntax),
    ...context.transferSyntaxes.map((uid) => uidItem(ItemType.transferSyntax, uid)),
  )

export const answeredContextItem = (context: AnsweredContext): Buffer =>
  item(
    ItemType.answeredContext,
    Buffer.from([context.id, 0, context.result, 0]),
    uidItem(ItemType.transferSyntax, context.transferSyntax),
  )

export function userInformationIn(value: Buffer): UserInformation {
  const roles: RoleSelection[] = []
  let maxLength = 0
  let implementationClass = ''
  let implementationVersion = ''
  let asyncOperations: UserInformation['asyncOperations']
  for (const { type, value: inner } of itemsIn(value)) {
    if (type === ItemType.maxLength) maxLength = sized(inner, 4).readUInt32BE(0)
    else if (type === ItemType.implementationClass) implementationClass = uidIn(inner)
    else if (type === ItemType.implementationVersion) implementationVersion = nameIn(inner)
    else if (type === ItemType.asyncOperations) {
      const pair = sized(inner, 4)
      asyncOperations = { invoked: pair.readUInt16BE(0), performed: pair.readUInt16BE(2) }
    } else if (type === ItemType.roleSelection) {
      if (roles.length >= MAX_ROLES) throw invalid()
      roles.push(roleIn(inner))
    }
  }
  return { maxLength, implementationClass, implementationVersion, asyncOperations, roles }
}

export function userInformationItem(user: UserInformation): Buffer {
  const { maxLength, implementationClass, implementationVersion, asyncOperations, roles } = user
  const length = Buffer.alloc(4)
  length.writeUInt32BE(maxLength)
  const parts = [item(ItemType.maxLength, length)]
  if (implementationClass !== '') {
    parts.push(uidItem(ItemType.implementationClass, implementationClass))
  }
  if (asyncOperations) {
    const pair = Buffer.alloc(4)
    pair.writeUInt16BE(asyncOperations.invoked, 0)
    pair.writeUInt16BE(asyncOperations.performed, 2)
    parts.push(item(ItemType.asyncOperations, pair))
  }
  parts.push(...roles.map(roleItem))
  if (implementationVersion !== '') {
    parts.push(item(ItemType.implementationVersion, Buffer.from(implementationVersion, 'latin1')))
  }
  return item(ItemType.userInformation, ...parts)
}

function roleIn(value: Buffer): RoleSelection {
  const length = value.length >= 2 ? value.readUInt16BE(0) : 0
  const roles = sized(value.subarray(2 + length), 2)
  return {
    sopClass: uidIn(value.subarray(2, 2 + length)),
    scu: roles.readUInt8(0) === 1,
    scp: roles.readUInt8(1) === 1,
  }
}

function roleItem({ sopClass, scu, scp }: RoleSelection): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(sopClass.length)
  const roles = Buffer.from([Number(scu), Number(scp)])
  return item(ItemType.roleSelection, length, Buffer.from(sopClass, 'latin1'), roles)
}

/** A name of at most 16 characters (PS3.7 D.3.3.2.3). Undefined if it is not printable. */
function nameIn(value: Buffer): string {
  const name = value.toString('latin1').replace(/[\0 ]+$/, '')
  return /^[\x20-\x7e]{1,16}$/.test(name) ? name : ''
}

function sized(value: Buffer, length: number): Buffer {
  if (value.length !== length) throw invalid()
  return value
}

const invalid = () => new PduError(AbortReason.invalidParameter)
