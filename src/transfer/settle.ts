/** What becomes of one item: accepted, quarantined or refused, and why. */
import type { InstanceFacts } from '../deidentify/index.js'
import { NocturneError, asNocturneError, concernsItemAlone } from '../lib/errors.js'
import type { Code, Place } from '../lib/errors.js'
import { describeUnexpected } from '../lib/logger.js'
import type { ReceivedItem } from '../receive/index.js'
import type { Digests, Envelope, Sealable } from '../seal/index.js'
import type { ItemKind } from '../state/index.js'
import type { StoredItem } from '../store/index.js'
import type { UploadContext } from './context.js'
import type { Original } from './original.js'
import { summarize } from './report.js'
import type { ItemReport } from './report.js'

export type SettledItem = AcceptedItem | QuarantinedItem | RefusedItem

export interface AcceptedItem {
  readonly outcome: 'accepted'
  readonly kind: 'instance' | 'document'
  readonly mediaType: string
  readonly facts: InstanceFacts | undefined
  /** How many elements were removed, emptied, replaced, ... */
  readonly actions: Readonly<Record<string, number>>
  /** Of an instance. */
  readonly report: ItemReport | undefined
  readonly stored: StoredItem
  readonly digests: Digests
}

export interface QuarantinedItem {
  readonly outcome: 'quarantined'
  readonly kind: ItemKind
  readonly code: Code
  /** Further findings about it. */
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

/**
 * Takes one item to the store. Resolves when it is durable or given up.
 *
 * @throws NocturneError for what concerns the whole request: a broken connection, a store that fails.
 */
export async function settle(
  received: ReceivedItem,
  original: Original,
  envelope: Envelope,
  context: UploadContext,
): Promise<SettledItem> {
  const kind = received.kind === 'unacceptable' ? received.what : received.kind
  try {
    switch (received.kind) {
      case 'instance': {
        const instance = { ...received, bytes: original.bytes() }
        const cleaned = await context.deidentify(instance)
        const stored = await store(cleaned.bytes, envelope, context)
        // Only now is the report whole: it tells of the elements behind Pixel Data as well.
        const { facts, report, wayBack } = cleaned
        const about = { facts, actions: countActions(report), report: summarize(report) }
        const media = 'application/dicom'
        const accepted = await accept('instance', media, about, stored, original, context)
        if (wayBack) await context.crosswalk.add(facts, wayBack)
        return accepted
      }
      case 'document': {
        const isHeld = context.facility.documents === 'quarantine'
        if (isHeld && !context.release?.waived.includes('document_held'))
          throw new NocturneError('document_held')
        const stored = await store(original.bytesUnheld(), envelope, context)
        const facts = { facts: undefined, actions: {}, report: undefined }
        return await accept('document', received.mediaType, facts, stored, original, context)
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

async function store(content: Sealable, envelope: Envelope, context: UploadContext) {
  const sealed = envelope.seal(content)
  const stored = await context.store.put(context.newObjectKey(), sealed)
  return { stored, digests: sealed.digests() }
}

async function accept(
  kind: 'instance' | 'document',
  mediaType: string,
  facts: Pick<AcceptedItem, 'facts' | 'actions' | 'report'>,
  stored: Pick<AcceptedItem, 'stored' | 'digests'>,
  original: Original,
  context: UploadContext,
): Promise<AcceptedItem> {
  const copy = await original.drop()
  if (copy) await context.store.delete(copy.key)
  if (context.release && original.sha256() !== context.release.sha256) {
    await context.store.delete(stored.stored.key)
    throw new NocturneError('release_mismatch')
  }
  return { outcome: 'accepted', kind, mediaType, ...facts, ...stored }
}

/**
 * A source that failed by itself (too large, truncated inside its archive) leaves nothing to keep: refused. What
 * de-identification could not show to be safe is kept whole: quarantined, a step that threw included.
 */
async function giveUp(
  kind: ItemKind,
  cause: unknown,
  original: Original,
  context: UploadContext,
): Promise<SettledItem> {
  // Of a document nothing was held: an unexpected error there is the whole request's.
  const error = asNocturneError(cause, kind === 'instance' ? 'unsafe_step_failed' : 'internal')
  if (error.code === 'unsafe_step_failed') {
    context.logger.error('a step of de-identification failed', describeUnexpected(error))
  }
  // What came out of quarantine is there still: it is not held twice.
  if (original.failure || context.release || !concernsItemAlone(error.code)) {
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
