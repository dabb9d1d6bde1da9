/** Decides the outcome of one item, accepted, quarantined or refused, and why. */
import type { FacilityConfig } from '../../config/index.js'
import type { DeidentifiedInstance, InstanceFacts } from '../../deidentify/index.js'
import { NocturneError, asNocturneError, concernsItemAlone } from '../../lib/errors.js'
import type { Code, Place } from '../../lib/errors.js'
import { describeUnexpected } from '../../lib/logger.js'
import type { ReceivedItem } from '../../receive/index.js'
import type { Digests } from '../../seal/index.js'
import type { ItemKind } from '../../state/tables/index.js'
import type { ObjectStore, StoredItem } from '../../store/index.js'
import type { ReleasedItem } from '../quarantine/release.js'
import type { TransferRooms } from '../rooms.js'
import type { Crosswalk } from './crosswalk.js'
import type { Original } from './original.js'
import { summarize } from './report.js'
import type { ItemReport } from './report.js'
import type { KeepSealed } from './spool.js'

export type SettledItem = AcceptedItem | QuarantinedItem | RefusedItem

export interface AcceptedItem {
  readonly outcome: 'accepted'
  readonly kind: 'instance' | 'document'
  readonly mediaType: string
  readonly facts: InstanceFacts | undefined
  /** Number of elements removed, emptied, replaced, and so on. */
  readonly actions: Readonly<Record<string, number>>
  /** Set for instances. */
  readonly report: ItemReport | undefined
  readonly stored: StoredItem
  readonly digests: Digests
  /** Keyed digest of the original, if requested. */
  readonly source: string | undefined
}

export interface QuarantinedItem {
  readonly outcome: 'quarantined'
  readonly kind: ItemKind
  readonly code: Code
  /** Further findings about the item. */
  readonly also: readonly Code[]
  readonly place: Place | undefined
  readonly stored: StoredItem
  /** Keyed digest of the original. */
  readonly digest: string
}

export interface RefusedItem {
  readonly outcome: 'refused'
  readonly kind: ItemKind
  readonly code: Code
  readonly place?: Place | undefined
}

export type ClearableItem = Exclude<ReceivedItem, { readonly kind: 'unacceptable' }>

/**
 * The part of an item that readers may have: de-identified if it is an instance, sealed, and
 * durable.
 */
export interface ClearedContent {
  /** Undefined for a document. */
  readonly instance: DeidentifiedInstance | undefined
  readonly stored: StoredItem
  readonly digests: Digests
}

/**
 * Takes the bytes of an item to the store.
 *
 * @param onWhole called when an instance has been read to its end, before it is durable
 * @throws NocturneError for content that cannot be shown to be safe; store errors
 */
export type Clear = (
  item: ClearableItem,
  bytes: AsyncIterable<Buffer>,
  waived: readonly Code[],
  onWhole?: OnWhole,
) => Promise<ClearedContent>

export type OnWhole = (instance: DeidentifiedInstance) => void

/** The same for every item of an upload, except for `released`. */
export interface SettleContext {
  readonly documents: FacilityConfig['documents']
  /**
   * Passes a document on as it is examined.
   * @throws NocturneError after its last octet, if it must be held
   */
  readonly inspectDocument: (
    bytes: AsyncIterable<Buffer>,
    about: { readonly mediaType: string; readonly waived: readonly Code[] },
  ) => AsyncIterable<Buffer>
  readonly onWhole?: OnWhole | undefined
  /** What the facility vouches for when the item is released from quarantine. */
  readonly released?: ReleasedItem | undefined
  readonly store: Pick<ObjectStore, 'delete'>
  readonly keepSealed: KeepSealed
  readonly crosswalk: Pick<Crosswalk, 'add'>
  /** Returns the keyed digest for the SHA-256 of an original. */
  readonly originalDigest: (sha256: string) => string
  readonly logger: Pick<TransferRooms['logger'], 'error'>
}

/**
 * Takes one item to the store. Resolves when it is durable or given up.
 *
 * @throws NocturneError for faults that concern the whole request: a broken connection, or a store
 *   failure
 */
export async function settle(
  received: ReceivedItem,
  original: Original,
  context: SettleContext,
  clear: Clear,
): Promise<SettledItem> {
  const kind = received.kind === 'unacceptable' ? received.what : received.kind
  const waived: readonly Code[] = context.released?.waived ?? []
  try {
    switch (received.kind) {
      case 'instance':
        return await accept(
          await clear(received, original.bytes(), waived, context.onWhole),
          original,
          context,
        )
      case 'document': {
        const isHeld = context.documents === 'quarantine'
        if (isHeld && !waived.includes('document_held')) throw new NocturneError('document_held')
        const { mediaType } = received
        const examined = context.inspectDocument(original.bytes(), { mediaType, waived })
        const cleared = await clear(received, examined, waived)
        return await accept(cleared, original, context, received.mediaType)
      }
      case 'unacceptable': {
        if (received.keep) throw new NocturneError(received.code)
        await original.drop()
        return { outcome: 'refused', kind, code: received.code }
      }
    }
  } catch (error) {
    return await giveUp(kind, error, original, context)
  }
}

async function accept(
  { instance, stored, digests }: ClearedContent,
  original: Original,
  context: SettleContext,
  mediaType = 'application/dicom',
): Promise<AcceptedItem> {
  const copy = await original.drop()
  if (copy) await context.store.delete(copy.key)
  const sha256 = original.sha256()
  if (context.released && sha256 !== context.released.sha256) {
    await context.store.delete(stored.key)
    throw new NocturneError('release_mismatch')
  }
  if (instance?.wayBack) await context.crosswalk.add(instance.facts, instance.wayBack)
  return {
    outcome: 'accepted',
    kind: instance ? 'instance' : 'document',
    ...{ mediaType, stored, digests },
    source: sha256 === undefined ? undefined : context.originalDigest(sha256),
    facts: instance?.facts,
    // The report is complete only now, because it includes the elements after Pixel Data.
    actions: countActions(instance?.report ?? []),
    report: instance && summarize(instance.report),
  }
}

/**
 * Refuses an item whose source failed (too large, truncated inside its archive), because there is
 * no complete original to keep. Quarantines the whole original of an item that de-identification
 * could not show to be safe, including when a step threw unexpectedly.
 */
async function giveUp(
  kind: ItemKind,
  cause: unknown,
  original: Original,
  context: SettleContext,
): Promise<SettledItem> {
  // An unexpected error in a document is not about the document, so it fails the whole request.
  const error = asNocturneError(cause, kind === 'instance' ? 'unsafe_step_failed' : 'internal')
  if (error.code === 'unsafe_step_failed') {
    context.logger.error('a step of de-identification failed', describeUnexpected(error))
  }
  // A released item is still in quarantine, so it is not held a second time.
  if (original.failure || context.released || !concernsItemAlone(error.code)) {
    const copy = await original.drop()
    if (copy) await context.store.delete(copy.key)
    const reason = original.failure ?? error
    if (!concernsItemAlone(reason.code)) throw reason
    return { outcome: 'refused', kind, code: reason.code, place: reason.place }
  }
  try {
    const { stored, sha256 } = await original.keep()
    const digest = context.originalDigest(sha256)
    const { code, also, place } = error
    return { outcome: 'quarantined', kind, code, also, place, stored, digest }
  } catch (failure) {
    const reason = asNocturneError(failure)
    if (!concernsItemAlone(reason.code)) throw reason
    return { outcome: 'refused', kind, code: reason.code }
  }
}

function countActions(report: readonly { readonly action: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { action } of report) counts[action] = (counts[action] ?? 0) + 1
  return counts
}
