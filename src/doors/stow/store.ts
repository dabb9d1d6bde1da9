/**
 * Passes each part of one request through intake. Parts are stored, held or refused individually,
 * in the order sent.
 */
import type { Sender, Taken, Watch } from '../../arrivals.js'
import { CATALOGUE, NocturneError, asNocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import type { InstanceSigns } from '../../intake/index.js'
import type { Part } from '../../receive/index.js'
import { Reason } from './answer.js'
import type { StoreOutcome } from './answer.js'
import type { BodyPart } from './multipart.js'

export interface StoreParts {
  readonly take: (sender: Sender, part: Part, watch: Watch) => Promise<Taken>
  readonly count: (outcome: string) => void
  readonly limits: { readonly requestItems: number }
}

export interface StoredRequest {
  readonly outcomes: readonly StoreOutcome[]
  /** Transfers to which at least one instance was added. */
  readonly transfers: ReadonlySet<string>
  /** Instances stored whose study waits until a person names its group. */
  readonly waiting: number
}

/** Instances that have been read and are being stored while the next ones arrive. */
const IN_FLIGHT = 8

/**
 * @param study the Study Instance UID in the URL: instances of any other study fail.
 * @throws NocturneError `broken_multipart`, `slow_client`, `too_many_items`: whatever was stored
 *   before stays stored.
 */
export async function storeAll(
  parts: StoreParts,
  sender: Sender,
  body: AsyncIterable<BodyPart> | Iterable<BodyPart>,
  options: { readonly study: string | undefined; readonly type: string },
): Promise<StoredRequest> {
  const results: Promise<readonly StoreOutcome[]>[] = []
  const inFlight = new Set<Promise<unknown>>()
  const transfers = new Set<string>()
  let waiting = 0
  for await (const part of body) {
    if (results.length >= parts.limits.requestItems) throw new NocturneError('too_many_items')
    const { bytes, consumed } = watched(part.bytes)
    const contentType = part.contentType === '' ? options.type : part.contentType
    let onStored: () => void = () => undefined
    const stored = new Promise<void>((resolve) => (onStored = resolve))
    const outcome = storeOne(
      parts,
      sender,
      { ...part, contentType, bytes },
      { ...options, transfers, onWaiting: (items) => (waiting += items), onStored },
    )
    results.push(outcome)
    // Its bytes are no longer in memory; the commit may wait for the instances that follow.
    const settled = Promise.race([stored, outcome])
    inFlight.add(settled)
    void settled.finally(() => inFlight.delete(settled))
    await Promise.race([consumed, settled])
    while (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight)
  }
  return { outcomes: (await Promise.all(results)).flat(), transfers, waiting }
}

/** Never rejects: a failure becomes the outcome of the part. */
async function storeOne(
  parts: StoreParts,
  sender: Sender,
  { contentType, bytes }: BodyPart,
  {
    study,
    transfers,
    onWaiting,
    onStored,
  }: {
    readonly study: string | undefined
    readonly transfers: Set<string>
    readonly onWaiting: (items: number) => void
    readonly onStored: () => void
  },
): Promise<readonly StoreOutcome[]> {
  let signs: InstanceSigns | undefined
  const outcome = (reason: number | undefined, isTemporary = false): StoreOutcome => ({
    sopClass: signs?.sopClassUID,
    sopInstance: signs?.sopInstanceUID,
    reason,
    isTemporary,
  })
  if (contentType !== 'application/dicom') return [outcome(Reason.cannotUnderstand)]
  try {
    const part = { contentType, fileName: undefined, bytes }
    const onSigns = (found: InstanceSigns): void => {
      signs = found
      // The URL states the study to which the instances belong (PS3.18 10.5.1).
      if (study !== undefined && found.studyInstanceUID !== study) {
        throw new NocturneError('study_mismatch')
      }
    }
    const { items, transfer, isWaiting } = await parts.take(sender, part, { onSigns, onStored })
    transfers.add(transfer)
    if (isWaiting) onWaiting(items.filter(({ outcome: one }) => one !== 'refused').length)
    return items.map((item) => {
      parts.count(item.outcome)
      if (item.outcome === 'accepted' || item.outcome === 'duplicate') return outcome(undefined)
      // An item without a SOP Instance UID cannot be listed as stored, although the facility finds
      // it in quarantine.
      if (item.outcome === 'quarantined') {
        return outcome(signs?.sopInstanceUID === undefined ? Reason.cannotUnderstand : Reason.held)
      }
      return outcome(reasonOf(item.code ?? 'internal'))
    })
  } catch (error) {
    const { code } = asNocturneError(error)
    const reason = reasonOf(code)
    return [outcome(reason, reason === Reason.outOfResources)]
  }
}

function reasonOf(code: Code): number {
  if (code === 'study_mismatch' || code === 'missing_identity') return Reason.doesNotMatch
  if (code === 'unknown_group' || code === 'unauthenticated') return Reason.notAuthorised
  if (code === 'instance_conflict') return Reason.duplicateInstance
  if (code === 'unsupported_syntax') return Reason.transferSyntaxNotSupported
  if (CATALOGUE[code].concernsItemAlone) return Reason.cannotUnderstand
  return code === 'internal' ? Reason.processingFailure : Reason.outOfResources
}

/** Yields the same octets, and reports when they have ended. */
function watched(bytes: AsyncIterable<Buffer>): {
  readonly bytes: AsyncIterable<Buffer>
  readonly consumed: Promise<void>
} {
  const source = bytes[Symbol.asyncIterator]()
  let mark: () => void = () => undefined
  const consumed = new Promise<void>((resolve) => (mark = resolve))
  const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
    try {
      const result = await source.next()
      if (result.done !== true) return result
      mark()
      return { done: true, value: undefined }
    } catch (error) {
      mark()
      throw error
    }
  }
  return { bytes: { [Symbol.asyncIterator]: () => ({ next }) }, consumed }
}
