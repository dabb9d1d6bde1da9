/** Distinguishes new items from those that the transfer already has. */
import { createHmac } from 'node:crypto'
import type { Code } from '../../lib/errors.js'
import { breathe } from '../../lib/pace.js'
import type { ManifestEntry } from '../../protocol/manifest.js'
import type { Outcome } from '../../state/tables/index.js'
import type { BegunEnvelope } from '../begin.js'
import { manifestEntry } from '../manifest.js'
import type { TransferRooms } from '../rooms.js'
import type { SettledItem } from './settle.js'

export interface JudgedItem {
  readonly settled: SettledItem
  readonly outcome: Outcome
  readonly code: Code | undefined
  readonly contentHandle: string | null
  readonly instanceHandle: string | null
  /** Identical whenever the same file is sent; null when unknown. */
  readonly sourceHandle: string | null
  /** Set for accepted items only. */
  readonly entry: ManifestEntry | undefined
}

/** A few milliseconds of keyed digests. */
const AT_ONCE = 200

/**
 * An item with the same content is a duplicate. One with the same SOP Instance UID but different
 * content is refused, because at least one of the two is not what the scanner made. Items are
 * compared by keyed handles, which reveal nothing to someone reading the database.
 */
export async function judgeItems(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  settled: readonly SettledItem[],
): Promise<JudgedItem[]> {
  const before = begun.isFirst ? [] : [begun.transfer]
  const seen = await handlesOf(rooms, before)
  const judged: JudgedItem[] = []
  for (let at = 0; at < settled.length; at += AT_ONCE) {
    judged.push(...judgeAgainst(seen, rooms, begun, settled.slice(at, at + AT_ONCE)))
    await breathe()
  }
  return judged
}

/**
 * @param seen handles of the existing items; those of items accepted here are added
 */
export function judgeAgainst(
  seen: Set<string>,
  rooms: TransferRooms,
  begun: BegunEnvelope,
  settled: readonly SettledItem[],
): JudgedItem[] {
  const [secret] = rooms.facilityKeys.secretsOf(begun.target.facility)
  const handle = (domain: string, value: string) =>
    createHmac('sha256', secret).update(`nocturne/${domain}/v1\0${value}`).digest('hex')
  const profile = rooms.directory.facility(begun.target.facility)?.profile
  const profileName = profile ? `${profile.name}/${profile.version}` : ''
  const isRepeatable = isSealedAlike(rooms, begun.target.facility)

  return settled.map((item) => {
    if (item.outcome !== 'accepted') {
      const { outcome, code } = item
      return {
        settled: item,
        outcome,
        code,
        contentHandle: null,
        instanceHandle: null,
        sourceHandle: null,
        entry: undefined,
      }
    }
    const contentHandle = handle('content', item.digests.plaintext.sha256)
    const instanceHandle = item.facts ? handle('instance', item.facts.sopInstanceUID) : null
    const sourceHandle = isRepeatable ? contentHandle : (item.source ?? null)
    const handles = { contentHandle, instanceHandle, sourceHandle }
    const judged = { settled: item, ...handles, entry: undefined }
    if (seen.has(contentHandle)) return { ...judged, outcome: 'duplicate', code: 'duplicate' }
    if (instanceHandle !== null && seen.has(instanceHandle)) {
      return { ...judged, outcome: 'refused', code: 'instance_conflict' }
    }
    seen.add(contentHandle)
    if (instanceHandle !== null) seen.add(instanceHandle)
    return {
      ...judged,
      outcome: 'accepted',
      code: undefined,
      entry: manifestEntry(item, profileName),
    }
  })
}

/**
 * Whether the same file always yields the same sealed content within the facility. If not, only a
 * digest of the original shows that it was sent before.
 */
export function isSealedAlike(
  { directory }: Pick<TransferRooms, 'directory'>,
  facility: string,
): boolean {
  const found = directory.facility(facility)
  return found?.profile.links !== 'transfer' && found?.encryptedAttributes === undefined
}

/** Handles of the accepted items of these transfers. */
export async function handlesOf(
  { state }: Pick<TransferRooms, 'state'>,
  transfers: readonly string[],
): Promise<Set<string>> {
  if (transfers.length === 0) return new Set()
  const rows = await state.db
    .selectFrom('items')
    .select(['content_handle', 'instance_handle'])
    .where('transfer', 'in', transfers)
    .where('outcome', '=', 'accepted')
    .execute()
  return new Set(
    rows
      .flatMap((row) => [row.content_handle, row.instance_handle])
      .filter((handle) => handle !== null),
  )
}
