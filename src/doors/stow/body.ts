/** Processes the body of a store request, from its octets to the outcome of each instance. */
import type { Readable } from 'node:stream'
import type { Arrivals, Sender } from '../../arrivals.js'
import type { Limits } from '../../config/index.js'
import { NocturneError } from '../../lib/errors.js'
import { answerTo } from './answer.js'
import type { StoreAnswer } from './answer.js'
import { partsOf, relatedType } from './multipart.js'
import type { BodyPart, RelatedType } from './multipart.js'
import { paced } from './paced.js'
import { storeAll } from './store.js'

export interface StoreParts {
  readonly arrivals: Pick<Arrivals, 'take' | 'closeNow'>
  readonly limits: Limits
  /** Called with the outcome of each instance. */
  readonly count: (outcome: string) => void
}

export interface StoreRequest {
  readonly octets: Readable
  readonly contentType: string | undefined
  /** The study in the URL: instances of any other study are refused. */
  readonly study: string | undefined
  /** Closes the studies once everything is stored, instead of waiting until they are quiet. */
  readonly isComplete: boolean
}

/**
 * Stores every instance in a body.
 *
 * @throws NocturneError `not_stow`, `broken_multipart`, `slow_client`
 */
export async function storeBody(
  { arrivals, limits, count }: StoreParts,
  sender: Sender,
  { octets, contentType, study, isComplete }: StoreRequest,
): Promise<StoreAnswer> {
  const body = bodyOf(paced(octets, limits.idleSeconds * 1_000, limits.slowestBytes), contentType)
  const { outcomes, transfers, waiting } = await storeAll(
    { take: (who, part, watch) => arrivals.take(who, part, watch), count, limits },
    sender,
    body.parts,
    { study, type: body.type },
  )
  if (isComplete) for (const transfer of transfers) await arrivals.closeNow(transfer)
  return answerTo(outcomes, waiting)
}

/** @throws NocturneError `not_stow` */
function bodyOf(
  octets: AsyncIterable<Buffer>,
  contentType: string | undefined,
): { readonly parts: AsyncIterable<BodyPart> | Iterable<BodyPart>; readonly type: string } {
  const related: RelatedType | undefined = relatedType(contentType)
  if (related && (related.type === '' || related.type === 'application/dicom')) {
    return { parts: partsOf(octets, related.boundary), type: 'application/dicom' }
  }
  // A body that is a single instance is not in the standard, but AWS and Azure accept it too.
  if (/^application\/dicom[ \t]*(;|$)/i.test(contentType ?? '')) {
    return { parts: alone(octets), type: 'application/dicom' }
  }
  throw new NocturneError('not_stow')
}

function* alone(bytes: AsyncIterable<Buffer>): Generator<BodyPart, void> {
  yield { contentType: 'application/dicom', bytes }
}
