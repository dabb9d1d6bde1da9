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
  const held = new Map(rows.map((row) => [`${row.recipient} ${row.fingerprint}`, row]))
  return {
    id: transfer.id,
    ...(transfer.manifest && { manifest: transfer.manifest.envelope }),
    recipients: [...held.values()].map(({ recipient, fingerprint, addedBy }) => ({
      ...{ id: recipient, fingerprint },
      ...(addedBy !== undefined && { addedBy }),
      ...(!isOpenedBy(rows, { recipient, fingerprint }) && { unproven: true }),
    })),
    candidates: candidates.map(({ id, fingerprint, certificate }) => ({
      id,
      fingerprint,
      certificate,
    })),
    envelopes: provenFirst(own).map(({ envelope, format, packet }) => ({
      envelope,
      format,
      packet: packet.toString('base64'),
    })),
  }
}

/**
 * Adds the recipient to all envelopes of the transfer or to none. The caller must have checked the
 * asker's proof that they can open the transfer. The packets are unproven until their recipient has
 * opened the transfer; they replace other unproven ones of the same reader, and nothing else.
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
      const added = { recipient, fingerprint, packets, addedBy: asker.principal.id }
      await rooms.transfers.contents.addKeyPackets(tx, added)
      return []
    },
  })
  return { id: transfer.id, recipient, fingerprint, receipt }
}

/**
 * Deletes the key packets of a reader who has left the group. Copies fetched earlier cannot be
 * taken back. Other readers, and the recovery key, cannot be locked out this way: of theirs, only
 * packets that were added later and never opened are deleted.
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
  const principal = rooms.directory.principal(recipient)
  const which = principal && mayOpen(principal, transfer) ? 'unproven' : 'all'
  const theirs = rows.find(
    (row) => row.recipient === recipient && (which === 'all' || !row.isProven),
  )
  if (!theirs) throw new NocturneError('recipient_not_allowed')
  const { fingerprint } = theirs
  const envelopes = new Set(rows.map(({ envelope }) => envelope))
  const receipt = await recordChange(rooms, asker, transfer, {
    type: 'recipient.removed',
    detail: { recipient, fingerprint },
    apply: async (tx) => {
      await rooms.transfers.contents.removeKeyPackets(tx, recipient, envelopes, which)
      return []
    },
  })
  return { id: transfer.id, recipient, fingerprint, receipt }
}

const mayOpen = (principal: Principal, transfer: Transfer): boolean =>
  principal.role === 'recovery' ||
  (principal.role === 'reader' && principal.groups.includes(transfer.group))

/**
 * Current readers of the group whose certificates pass the policy now, and are not known to open
 * the transfer.
 */
async function candidatesOf(
  directory: Pick<Directory, 'usableRecipientsOf'>,
  transfer: Transfer,
  rows: readonly KeyPacketRow[],
): Promise<readonly Recipient[]> {
  const everyFormat = new Set(rows.map(({ format }) => format))
  return (await directory.usableRecipientsOf(transfer.group)).filter(
    ({ id: recipient, fingerprint, takesSeipd2 }) =>
      !isOpenedBy(rows, { recipient, fingerprint }) && (takesSeipd2 || !everyFormat.has('seipd2')),
  )
}

/** Whether every envelope has a key packet for this certificate that is known to open it. */
function isOpenedBy(
  rows: readonly KeyPacketRow[],
  { recipient, fingerprint }: Pick<KeyPacketRow, 'recipient' | 'fingerprint'>,
): boolean {
  const opened = rows.filter(
    (row) => row.recipient === recipient && row.fingerprint === fingerprint && row.isProven,
  )
  return opened.length === new Set(rows.map(({ envelope }) => envelope)).size
}

/** One packet per envelope: the first that is known to open it, or else an unproven one. */
function provenFirst(own: readonly KeyPacketRow[]): readonly KeyPacketRow[] {
  const chosen = new Map(own.filter(({ isProven }) => !isProven).map((row) => [row.envelope, row]))
  for (const row of own) if (row.isProven) chosen.set(row.envelope, row)
  return [...chosen.values()]
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
