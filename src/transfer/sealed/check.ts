/** Checks what an edge says about a transfer that it sealed; nothing here can open it. */
import { NocturneError } from '../../lib/errors.js'
import { readSealed } from '../../protocol/sealing/statement.js'
import type { SealedEnvelope, SealedTransfer } from '../../protocol/sealing/statement.js'
import type { KeyPacket } from '../../seal/index.js'
import type { Recipient } from '../../seal/keys/index.js'
import type { TransferRooms } from '../rooms.js'
import type { SignedStatement } from '../quarantine/signed.js'
import { wasTold } from './told.js'

/** Who asks: authenticated, but not yet known as an edge. */
export interface SealingAsker {
  readonly id: string
  readonly facility: string
}

export interface CheckedStatement {
  readonly stated: SealedTransfer
  /** The edge's certificate in effect. */
  readonly certificate: string
}

/**
 * @throws NocturneError `edge_unknown`, `sealed_invalid`, `edge_signature_invalid`, `unknown_group`
 */
export async function checkStatement(
  rooms: TransferRooms,
  asker: SealingAsker,
  { statement, signature }: SignedStatement,
): Promise<CheckedStatement> {
  const certificate = edgeCertificate(rooms, asker)
  const stated = readSealed(statement)
  const isOurs =
    stated?.gateway === rooms.gateway &&
    stated.facility === asker.facility &&
    stated.edge === asker.id
  if (!isOurs) throw new NocturneError('sealed_invalid')
  const isTheirs =
    stated.fingerprint === (await rooms.fingerprintOf(certificate)) &&
    (await rooms.verifyDetached(statement, signature, certificate))
  if (!isTheirs) throw new NocturneError('edge_signature_invalid', { subject: asker.id })
  const groups = rooms.directory.facility(asker.facility)?.groups
  if (groups?.includes(stated.group) !== true) throw new NocturneError('unknown_group')
  expectWithin(rooms, stated)
  return { stated, certificate }
}

/** @throws NocturneError `edge_unknown` */
export function edgeCertificate(
  { directory }: Pick<TransferRooms, 'directory'>,
  { id, facility }: SealingAsker,
): string {
  const certificate = directory.principal(id)?.certificate
  if (directory.facility(facility)?.edges?.includes(id) !== true || certificate === undefined)
    throw new NocturneError('edge_unknown', { subject: id })
  return certificate
}

function expectWithin({ limits }: Pick<TransferRooms, 'limits'>, stated: SealedTransfer): void {
  const { items, others } = stated
  if (items.length + others.length > limits.transferItems) throw new NocturneError('too_many_items')
  if (bytesOf(stated) > limits.transferBytes) throw new NocturneError('transfer_too_large')
}

/** Size of the content in bytes. */
export const bytesOf = ({ items }: SealedTransfer): number =>
  items.reduce((sum, { size }) => sum + size, 0)

/**
 * The recipients that get a key packet: those of the group now. The set must be the present one, or
 * one that this gateway told; from such an older set, those who have left get nothing.
 *
 * @throws NocturneError `recipients_wrong`, `recipient_unusable`
 */
export async function checkRecipients(
  rooms: TransferRooms,
  { facility, group, recipients }: SealedTransfer,
): Promise<readonly Recipient[]> {
  const members = await rooms.directory.recipientsOf(group)
  const kept = members.filter(({ fingerprint }) => recipients.includes(fingerprint))
  const present = await rooms.directory.sealingRecipientsOf(group)
  const isPresent =
    present.length === recipients.length &&
    present.every(({ fingerprint }) => recipients.includes(fingerprint))
  if (!isPresent && !(await wasTold(rooms, { facility, group, recipients })))
    throw new NocturneError('recipients_wrong', { subject: group })
  const readers = rooms.directory.group(group)?.readers
  if (!kept.some(({ id }) => readers?.includes(id) === true))
    throw new NocturneError('recipients_wrong', { subject: group })
  return kept
}

/**
 * The key packets of an envelope for these recipients. It must have one for each recipient of the
 * statement, and no other.
 *
 * @throws NocturneError `sealed_packets_invalid`
 */
export async function packetsOf(
  { isKeyPacketFor }: Pick<TransferRooms, 'isKeyPacketFor'>,
  { recipients }: SealedTransfer,
  { format, packets }: SealedEnvelope,
  kept: readonly Recipient[],
): Promise<readonly KeyPacket[]> {
  const named = packets.map(({ fingerprint }) => fingerprint).sort()
  if (named.join(' ') !== recipients.join(' ')) throw new NocturneError('sealed_packets_invalid')
  const found = new Map(packets.map((one) => [one.fingerprint, one.packet]))
  const taken: KeyPacket[] = []
  for (const recipient of kept) {
    const { id, fingerprint } = recipient
    const packet = Buffer.from(found.get(fingerprint) ?? '', 'base64')
    if (!(await isKeyPacketFor(packet, format, recipient)))
      throw new NocturneError('sealed_packets_invalid', { subject: id })
    taken.push({ recipient: id, fingerprint, packet })
  }
  return taken
}
