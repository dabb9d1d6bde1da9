/**
 * Changes who can open a transfer after it was sealed. The gateway decides who may be added and
 * with which certificate; a key holder seals the session keys to that certificate on their own
 * machine. The data is never touched.
 */
import { NocturneError } from '../lib/errors.js'
import type { PacketsAnswer, RecipientAnswer } from '../protocol/http/recipients.js'
import type { Directory, Principal } from '../directory/index.js'
import type { Recipient } from '../seal/keys/index.js'
import type { KeyPacketRow, Transfer } from '../transfer/index.js'
import type { DeliverRooms, Reader } from './contract.js'
import { aboutTransfer, recordChange } from './transfer-event.js'

export interface NewRecipient {
  readonly recipient: string
  readonly fingerprint: string
  readonly packets: readonly { readonly envelope: string; readonly packet: string }[]
}

/**
 * The event is durable before any packet is returned.
 * @throws NocturneError `transfer_not_available`, `not_found`
 */
export async function ownPackets(
  rooms: DeliverRooms,
  asker: Reader,
  transfer: Transfer,
): Promise<PacketsAnswer> {
  const rows = await rooms.transfers.contents.keyPackets(transfer)
  const own = rows.filter(({ recipient }) => recipient === asker.principal.id)
  if (own.length === 0) throw new NocturneError('not_found')
  const candidates = await candidatesOf(rooms.directory, transfer, rows)
  await rooms.ledger.note({
    ...aboutTransfer(asker, transfer),
    type: 'recipient.packets',
    outcome: 0,
    detail: { fingerprint: own[0]?.fingerprint ?? '', envelopes: own.length },
  })
  const recipients = new Map(rows.map(({ recipient, fingerprint }) => [recipient, fingerprint]))
  return {
    id: transfer.id,
    recipients: [...recipients].map(([id, fingerprint]) => ({ id, fingerprint })),
    candidates: candidates.map(({ id, fingerprint, certificate }) => ({
      id,
      fingerprint,
      certificate,
    })),
    envelopes: own.map(({ envelope, format, packet }) => ({
      envelope,
      format,
      packet: packet.toString('base64'),
    })),
  }
}

/**
 * Adds the recipient to all envelopes of the transfer or to none. Key packets for an older
 * certificate of the same reader are replaced.
 *
 * @throws NocturneError `recipient_not_allowed`, `key_packets_invalid`, `transfer_not_available`
 */
export async function addRecipient(
  rooms: DeliverRooms,
  asker: Reader,
  transfer: Transfer,
  given: NewRecipient,
): Promise<RecipientAnswer> {
  const rows = await rooms.transfers.contents.keyPackets(transfer)
  const { recipient, fingerprint } = given
  const candidate = (await candidatesOf(rooms.directory, transfer, rows)).find(
    (one) => one.id === recipient && one.fingerprint === fingerprint,
  )
  if (!candidate) throw new NocturneError('recipient_not_allowed')
  const packets = await checkPackets(rooms, rows, candidate, given)
  const receipt = await recordChange(rooms, asker, transfer, {
    type: 'recipient.added',
    detail: { recipient, fingerprint },
    apply: async (tx) => {
      await rooms.transfers.contents.replaceKeyPackets(tx, recipient, fingerprint, packets)
      return []
    },
  })
  return { id: transfer.id, recipient, fingerprint, receipt }
}

/**
 * Deletes the key packets of a reader who has left the group. Copies fetched earlier cannot be
 * taken back. Other readers, and the recovery key, cannot be locked out this way.
 *
 * @throws NocturneError `recipient_not_allowed`, `transfer_not_available`
 */
export async function removeRecipient(
  rooms: DeliverRooms,
  asker: Reader,
  transfer: Transfer,
  recipient: string,
): Promise<RecipientAnswer> {
  const rows = await rooms.transfers.contents.keyPackets(transfer)
  const theirs = rows.find((row) => row.recipient === recipient)
  const principal = rooms.directory.principal(recipient)
  const isKept = principal !== undefined && mayOpen(principal, transfer)
  if (!theirs || isKept) throw new NocturneError('recipient_not_allowed')
  const { fingerprint } = theirs
  const envelopes = new Set(rows.map(({ envelope }) => envelope))
  const receipt = await recordChange(rooms, asker, transfer, {
    type: 'recipient.removed',
    detail: { recipient, fingerprint },
    apply: async (tx) => {
      await rooms.transfers.contents.removeKeyPackets(tx, recipient, envelopes)
      return []
    },
  })
  return { id: transfer.id, recipient, fingerprint, receipt }
}

const mayOpen = (principal: Principal, transfer: Transfer): boolean =>
  principal.role === 'recovery' ||
  (principal.role === 'reader' && principal.groups.includes(transfer.group))

/** Current readers of the group whose certificates pass the policy now. */
async function candidatesOf(
  directory: Pick<Directory, 'usableRecipientsOf'>,
  transfer: Transfer,
  rows: readonly KeyPacketRow[],
): Promise<readonly Recipient[]> {
  const everyFormat = new Set(rows.map(({ format }) => format))
  const isSealedTo = ({ id, fingerprint }: Recipient) =>
    rows.some((row) => row.recipient === id && row.fingerprint === fingerprint)
  return (await directory.usableRecipientsOf(transfer.group)).filter(
    (one) => !isSealedTo(one) && (one.takesSeipd2 || !everyFormat.has('seipd2')),
  )
}

/**
 * Requires exactly one key packet per envelope, addressed to the candidate and of the envelope's
 * version.
 */
async function checkPackets(
  { isKeyPacketFor }: DeliverRooms,
  rows: readonly KeyPacketRow[],
  candidate: Recipient,
  given: NewRecipient,
): Promise<{ readonly envelope: string; readonly packet: Buffer }[]> {
  const formats = new Map(rows.map(({ envelope, format }) => [envelope, format]))
  const packets = new Map(given.packets.map(({ envelope, packet }) => [envelope, packet]))
  if (packets.size !== formats.size || given.packets.length !== formats.size)
    throw new NocturneError('key_packets_invalid')
  const checked: { envelope: string; packet: Buffer }[] = []
  for (const [envelope, format] of formats) {
    const packet = Buffer.from(packets.get(envelope) ?? '', 'base64')
    if (!(await isKeyPacketFor(packet, format, candidate)))
      throw new NocturneError('key_packets_invalid')
    checked.push({ envelope, packet })
  }
  return checked
}
