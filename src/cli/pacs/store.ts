/** Stores many instances in a PACS by C-STORE, and tries again what may succeed later. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AssociationEndedError, isStored, sendInstances } from '../../doors/dimse/index.js'
import type { Destination, SentInstance } from '../../doors/dimse/index.js'
import { CommandError } from '../command-error.js'
import type { PacsTarget } from './address.js'

const WAIT_MS = 30_000
/** Some archives answer only after they have compressed and copied an instance. */
const ANSWER_MS = 120_000
export const TIMING = { artimMs: WAIT_MS, closeMs: 5_000, idleMs: ANSWER_MS, paceMs: WAIT_MS }

export const destinationOf = ({ tls, ...target }: PacsTarget): Destination => ({
  ...target,
  ...(tls && { tls: { ...tls, namesHost: true } }),
})

export interface Storing<Instance> {
  readonly to: PacsTarget
  readonly associations: number
  readonly signal: AbortSignal
  /** Called before each wait. */
  readonly onRetry: () => void
  /** Wait after the first failure; it doubles with each further one. */
  readonly firstWaitMs?: number
  /**
   * Called once for each instance: stored, or refused for good. The status is undefined when the
   * PACS does not accept the SOP class with this transfer syntax.
   */
  readonly onDone: (instance: Instance, isStored: boolean, status: number | undefined) => void
}

/** Failures in a row without any instance stored. */
const ATTEMPTS = 6

/**
 * Resolves when the PACS has answered for every instance. An instance whose association broke is
 * sent again; a PACS that has it already stores it again under the same UID.
 *
 * @throws CommandError `pacs_unreachable`, `pacs_refused` (the association, not an instance)
 */
export async function storeAll<Instance extends SentInstance>(
  instances: readonly Instance[],
  { to, associations, signal, onRetry, firstWaitMs = 1_000, onDone }: Storing<Instance>,
): Promise<void> {
  const left = new Set(instances)
  for (let failures = 0; left.size > 0;) {
    const busy = new Map<Instance, number>()
    const before = left.size
    const onAnswer = (instance: Instance, status: number | undefined) => {
      if (isBusy(status)) busy.set(instance, status)
      else if (left.delete(instance)) onDone(instance, isStored(status), status)
      return !signal.aborted
    }
    const sending = { associations, onAnswer }
    const failure: unknown = await sendInstances(
      [...left],
      destinationOf(to),
      TIMING,
      sending,
    ).catch((error: unknown) => error)
    signal.throwIfAborted()
    failures = left.size < before ? 1 : failures + 1
    if (failure !== undefined && (isLasting(failure) || failures >= ATTEMPTS))
      throw explained(failure)
    if (failure === undefined && failures >= ATTEMPTS) {
      for (const [instance, status] of busy) onDone(instance, false, status)
      return
    }
    if (left.size === 0) return
    onRetry()
    await sleep(firstWaitMs * 2 ** (failures - 1), undefined, { signal })
  }
}

/** Out of resources (PS3.4 Table B.2-1), or resource limitation (PS3.7 C.5.23). */
const isBusy = (status: number | undefined): status is number =>
  status !== undefined && (status >> 8 === 0xa7 || status === 0x0213)

/** Nothing that the same request could do better: a permanent rejection, or a faulty file. */
function isLasting(error: unknown): boolean {
  if (error instanceof AssociationEndedError) return error.rejection?.result === 1
  return error instanceof CommandError
}

function explained(error: unknown): unknown {
  if (error instanceof CommandError) return error
  const isRefusal = error instanceof AssociationEndedError && error.how !== 'slow'
  return isRefusal
    ? new CommandError('the PACS refused or ended the association', {
        code: 'pacs_refused',
        hint: 'check both AE titles, and whether the PACS knows this one',
        cause: error,
      })
    : new CommandError('the PACS did not answer', {
        code: 'pacs_unreachable',
        hint: 'check its address and TLS settings, then run the same command again',
        cause: error,
      })
}
