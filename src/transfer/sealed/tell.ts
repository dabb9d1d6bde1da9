/** Tells an edge whom to seal to, and remembers what it was told. */
import { NocturneError } from '../../lib/errors.js'
import type { ProvenCertificate, SealingAnswer } from '../../protocol/sealing/http.js'
import type { TransferRooms } from '../rooms.js'
import { edgeCertificate } from './check.js'
import type { SealingAsker } from './check.js'
import { remember } from './told.js'

export type SealingAbout = Omit<SealingAnswer, 'rules'>

/**
 * Every certificate comes with the ledger's proof, so that an edge does not have to trust the
 * answer. A group that cannot be sealed to now is left out.
 *
 * @throws NocturneError `edge_unknown`
 */
export async function tellSealing(
  rooms: TransferRooms,
  asker: SealingAsker,
): Promise<SealingAbout> {
  const edge = { id: asker.id, certificate: edgeCertificate(rooms, asker) }
  const facility = rooms.directory.facility(asker.facility)
  if (!facility) throw new NocturneError('edge_unknown', { subject: asker.id })
  const groups: SealingAbout['groups'][number][] = []
  for (const id of facility.groups) {
    const recipients = await rooms.directory.sealingRecipientsOf(id).catch(() => [])
    if (recipients.length === 0) continue
    const proven: ProvenCertificate[] = []
    for (const one of recipients) proven.push(await prove(rooms, certificateOf(rooms, one.id)))
    const fingerprints = proven.map(({ fingerprint }) => fingerprint).sort()
    await remember(rooms, { facility: asker.facility, group: id, recipients: fingerprints })
    groups.push({ id, timezone: rooms.directory.group(id)?.timezone ?? 'UTC', recipients: proven })
  }
  return {
    gateway: rooms.gateway,
    edge: await prove(rooms, edge),
    facility: await prove(rooms, certificateOf(rooms, facility.id)),
    groups,
  }
}

const certificateOf = ({ directory }: Pick<TransferRooms, 'directory'>, id: string) => ({
  id,
  certificate: directory.principal(id)?.certificate ?? '',
})

/** @throws NocturneError `recipient_unusable` when the ledger does not name the certificate */
async function prove(
  { fingerprintOf, certificateEvent, ledger }: TransferRooms,
  { id, certificate }: { readonly id: string; readonly certificate: string },
): Promise<ProvenCertificate> {
  const fingerprint = await fingerprintOf(certificate)
  const index = await certificateEvent(id, fingerprint)
  if (index === undefined) throw new NocturneError('recipient_unusable', { subject: id })
  return { id, fingerprint, certificate, receipt: await ledger.proof(index) }
}
