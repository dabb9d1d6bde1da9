/** The manifest: the signed, sealed list of what a transfer holds. It is stored last. */
import { createHash } from 'node:crypto'
import { randomName } from '../lib/ids.js'
import { breathe } from '../lib/pace.js'
import { manifestPieces } from '../protocol/manifest.js'
import type { ManifestEntry } from '../protocol/manifest.js'
import type { Outcomes } from '../protocol/outcomes.js'
import type { DataFormat, KeyPacket } from '../seal/index.js'
import type { UploadTarget } from './begin.js'
import type { TransferRooms } from './rooms.js'
import type { AcceptedItem } from './upload/settle.js'

export interface SealedManifest {
  /** SHA-256 of the manifest's JSON, hexadecimal: the digest that the reader acknowledges. */
  readonly digest: string
  readonly object: string
  /** Size of the data packet, not counting the key packet. */
  readonly size: number
  readonly format: DataFormat
  readonly keyPackets: readonly KeyPacket[]
  readonly proofKey: string
}

export interface ManifestContent {
  readonly entries: ReadonlyMap<number, ManifestEntry>
  /** The outcomes of everything that was sent, accepted or not. */
  readonly outcomes: Outcomes
}

export function manifestEntry(item: AcceptedItem, profile: string): ManifestEntry {
  const { kind, mediaType, facts } = item
  const { plaintext, ciphertext } = item.digests
  return {
    kind,
    mediaType,
    plaintext: { ...plaintext },
    ciphertext: { ...ciphertext },
    ...(facts && {
      study: facts.studyInstanceUID,
      series: facts.seriesInstanceUID,
      instance: facts.sopInstanceUID,
      sopClass: facts.sopClassUID,
      modality: facts.modality,
      transferSyntax: facts.transferSyntaxUID,
      profile,
      ...(facts.pixelsAtRisk && { pixelsAtRisk: true }),
      ...(facts.pixelsBlanked && { pixelsBlanked: true }),
    }),
  }
}

/**
 * Signs, seals and stores the manifest under `prefix`, where the sweep finds it until the commit.
 */
export async function storeManifest(
  rooms: TransferRooms,
  target: Pick<UploadTarget, 'facility' | 'group' | 'priority' | 'continues'>,
  transfer: { readonly id: string; readonly createdAt: number; readonly prefix: string },
  { entries, outcomes }: ManifestContent,
): Promise<SealedManifest> {
  const now = new Date(rooms.now())
  const pieces = manifestPieces({
    transfer: transfer.id,
    facility: target.facility,
    group: target.group,
    priority: target.priority,
    gateway: rooms.sealsFor?.gateway ?? rooms.gateway,
    ...(rooms.sealsFor && {
      sealedBy: { edge: rooms.sealsFor.edge, fingerprint: rooms.sealsFor.fingerprint },
    }),
    ...(target.continues !== undefined && { continues: target.continues }),
    createdAt: new Date(transfer.createdAt).toISOString(),
    completedAt: now.toISOString(),
    outcomes,
    items: [...entries].map(([index, entry]) => ({ index, ...entry })),
  })
  let manifest = ''
  for (const piece of pieces) {
    manifest += piece
    await breathe()
  }
  const bytes = Buffer.from(manifest)
  const envelope = await rooms.newEnvelope(target.group)
  try {
    const sealed = await rooms.sealSigned(envelope, bytes)
    const stored = await rooms.store.put(`${transfer.prefix}/${randomName()}`, sealed)
    return {
      digest: createHash('sha256').update(bytes).digest('hex'),
      object: stored.key,
      size: stored.size,
      format: envelope.format,
      keyPackets: envelope.keyPackets,
      proofKey: envelope.proofKey,
    }
  } finally {
    envelope.close()
  }
}
