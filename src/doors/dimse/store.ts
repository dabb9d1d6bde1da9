/** C-STORE: passes each instance to intake, and returns the outcome as a status. */
import type { Taken, Sender } from '../../arrivals.js'
import { CATALOGUE, NocturneError, asNocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { describeUnexpected } from '../../lib/logger.js'
import type { Logger } from '../../lib/logger.js'
import type { EventInput } from '../../ledger/log/index.js'
import type { Part } from '../../receive/index.js'
import { AssociationEndedError } from './ending.js'
import { Status } from './command.js'
import type { Answer, Caller, Crowd, Refusal, Services, Session } from './conversation.js'

export interface StoreParts {
  readonly take: (sender: Sender, part: Part) => Promise<Taken>
  /** Records an event; errors are logged. */
  readonly note: (event: EventInput) => Promise<unknown>
  readonly logger: Logger
  /**
   * Returns undefined if this refusal is only to be counted; otherwise how many were only counted
   * since the last one recorded.
   */
  readonly admitRefusal: () => number | undefined
  readonly count: (outcome: string) => void
  readonly countRefusal: (reason: Crowd | 'unknown') => void
}

export const createStore = (parts: StoreParts): Pick<Services, 'open' | 'refused'> => ({
  open: (caller) => openSession(parts, caller),
  refused: (why) => {
    parts.countRefusal(why.crowd ?? 'unknown')
    void noteRefusal(parts, why).catch(warn(parts))
  },
})

function openSession(parts: StoreParts, caller: Caller): Session {
  const { aeTitle, facility, address } = caller
  const actor = { id: facility, role: 'sender', address } as const
  const sender: Sender = { actor, facility, aeTitle }
  const counts = { instances: 0, failed: 0 }
  return {
    store: async ({ file }) => {
      counts.instances += 1
      const answer = await storeOne(parts, sender, file)
      if (isFailure(answer.status)) counts.failed += 1
      return answer
    },
    end: async (how) => {
      const outcome = how === 'released' && counts.failed === 0 ? 0 : 4
      const detail = { aeTitle, how, ...counts }
      await parts
        .note({ type: 'association.ended', outcome, actor, facility, detail })
        .catch(warn(parts))
    },
  }
}

async function storeOne(
  parts: StoreParts,
  sender: Sender,
  file: AsyncIterable<Buffer>,
): Promise<Answer> {
  try {
    const bytes = orBroken(file)
    const part = { contentType: 'application/dicom', fileName: undefined, bytes }
    const { items } = await parts.take(sender, part)
    for (const { outcome } of items) parts.count(outcome)
    const [worst] = items.map(answerOf).sort((a, b) => b.status - a.status)
    return worst ?? { status: Status.cannotUnderstand }
  } catch (error) {
    const known = asNocturneError(error)
    // If the association ended, the loop over its messages fails on its next read and handles it
    // there.
    if (known.code === 'internal') {
      parts.logger.error('an instance could not be taken', describeUnexpected(known))
    }
    return { status: statusOf(known.code), comment: known.message }
  }
}

/**
 * Reports the end of the connection as an error from the catalogue. It concerns the whole request,
 * not just this item.
 */
async function* orBroken(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* file
  } catch (error) {
    if (!(error instanceof AssociationEndedError)) throw error
    throw new NocturneError('association_broken', { cause: error })
  }
}

function answerOf({ outcome, code }: Taken['items'][number]): Answer {
  if (outcome === 'accepted' || outcome === 'duplicate') return { status: Status.success }
  // The instance is durable, so the sender must not resend it; readers cannot see it until the
  // facility has reviewed it.
  if (outcome === 'quarantined') return { status: Status.held, comment: 'held for review' }
  if (code === undefined) return { status: Status.cannotUnderstand }
  return { status: statusOf(code), comment: CATALOGUE[code].title }
}

/**
 * PS3.4 Table B.2-1, PS3.7 Annex C. `out of resources` means that the instance may be resent later.
 */
function statusOf(code: Code): number {
  if (code === 'instance_conflict') return Status.duplicateInstance
  if (code === 'missing_identity') return Status.doesNotMatch
  if (code === 'unknown_group' || code === 'unauthenticated') return Status.notAuthorised
  if (CATALOGUE[code].concernsItemAlone) return Status.cannotUnderstand
  return code === 'internal' ? Status.processingFailure : Status.outOfResources
}

const isFailure = (status: number): boolean => status !== Status.success && status !== Status.held

async function noteRefusal({ note, admitRefusal }: StoreParts, why: Refusal): Promise<void> {
  const unrecorded = admitRefusal()
  if (unrecorded === undefined) return
  const [result, source, reason] = why.rejection ?? []
  const isTold = result !== undefined && source !== undefined && reason !== undefined
  await note({
    type: 'association.refused',
    outcome: 8,
    actor: { id: 'anonymous', role: 'anonymous', address: why.address },
    ...(why.facility !== undefined && { facility: why.facility }),
    detail: {
      ...(isTold && { result, source, reason }),
      ...(why.crowd !== undefined && { crowd: why.crowd }),
      ...(unrecorded > 0 && { unrecorded }),
    },
  })
}

const warn =
  ({ logger }: StoreParts) =>
  (error: unknown): void =>
    logger.warn('an event of a DICOM association is not recorded', {
      code: asNocturneError(error).code,
    })
