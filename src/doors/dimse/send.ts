/** Sends instances by C-STORE: one association for all of them. */
import type { Timing } from './machine.js'
import { EXPLICIT_LITTLE } from './negotiate.js'
import { requestAssociation } from './request.js'
import type { Destination } from './request.js'

/** An instance in explicit VR little endian. */
export interface SentInstance {
  readonly sopClass: string
  readonly sopInstance: string
  readonly dataSet: Buffer
}

/**
 * Resolves with whether the peer has stored every instance; after the first one that it refuses,
 * nothing more is sent. A warning (0xBxxx) counts as stored (PS3.4 Table B.2-1).
 *
 * @throws AssociationEndedError, or the system's error when the peer cannot be reached
 */
export async function sendInstances(
  instances: readonly SentInstance[],
  to: Destination,
  timing: Timing,
): Promise<boolean> {
  const transferSyntax = EXPLICIT_LITTLE
  const classes = [...new Set(instances.map(({ sopClass }) => sopClass))]
  const requestor = await requestAssociation(
    to,
    timing,
    classes.map((sopClass) => ({ abstractSyntax: sopClass, transferSyntaxes: [transferSyntax] })),
  )
  for (const { sopClass, sopInstance, dataSet } of instances) {
    const status = await requestor.store({ sopClass, sopInstance, transferSyntax }, [dataSet])
    if (isStored(status)) continue
    await requestor.abort()
    return false
  }
  await requestor.release()
  return true
}

const isStored = (status: number | undefined): boolean =>
  status === 0 || (status !== undefined && status >> 12 === 0xb)
