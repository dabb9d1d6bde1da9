/** Sends instances by C-STORE, over one or several associations. */
import type { Pieces } from './fragments.js'
import { MAX_CONTEXTS } from './items.js'
import type { Timing } from './machine.js'
import { requestAssociation } from './request.js'
import type { Destination } from './request.js'

export interface SentInstance {
  readonly sopClass: string
  readonly sopInstance: string
  /** The syntax that the data set is in: nothing is transcoded. */
  readonly transferSyntax: string
  /** Called once for each attempt. */
  readonly dataSet: () => Pieces
}

export interface Sending<Instance> {
  /** Associations at the same time; never more than there are instances. */
  readonly associations: number
  /**
   * Called with the status of each response, or undefined when the peer accepted no presentation
   * context for the instance. Returns whether this association continues.
   */
  readonly onAnswer: (instance: Instance, status: number | undefined) => boolean
}

/**
 * Resolves when every instance was answered, or `onAnswer` stopped the associations. A peer that
 * rejects some of the associations gets everything over the others.
 *
 * @throws AssociationEndedError, the system's error when the peer cannot be reached, or what
 *   `dataSet` throws: instances for which `onAnswer` was not called may or may not be stored
 */
export async function sendInstances<Instance extends SentInstance>(
  instances: readonly Instance[],
  to: Destination,
  timing: Timing,
  { associations, onAnswer }: Sending<Instance>,
): Promise<void> {
  for (const { contexts, members } of batchesOf(instances)) {
    const queue = members.values()
    const progress = { answered: 0, isStopped: false }
    const one = async () => {
      const requestor = await requestAssociation(to, timing, contexts)
      // An array's iterator has no `return`: leaving this loop leaves the rest to the others.
      for (const instance of queue) {
        const status = await requestor.store(instance, instance.dataSet())
        progress.answered += 1
        if (onAnswer(instance, status)) continue
        progress.isStopped = true
        await requestor.abort()
        return
      }
      // Everything is answered; how the peer takes the release changes nothing.
      await requestor.release().catch(() => undefined)
    }
    const count = Math.min(associations, members.length)
    const ends = await Promise.allSettled(Array.from({ length: count }, one))
    if (progress.isStopped) return
    if (progress.answered === members.length) continue
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }
}

/** A warning (0xBxxx) counts as stored (PS3.4 Table B.2-1). */
export const isStored = (status: number | undefined): boolean =>
  status === 0 || (status !== undefined && status >> 12 === 0xb)

interface Batch<Instance> {
  readonly contexts: { abstractSyntax: string; transferSyntaxes: string[] }[]
  readonly members: Instance[]
}

/** Each needs at most as many presentation contexts as an association can have. */
function batchesOf<Instance extends SentInstance>(
  instances: readonly Instance[],
): readonly Batch<Instance>[] {
  const byContext = new Map<string, Instance[]>()
  for (const instance of instances) {
    const key = `${instance.sopClass} ${instance.transferSyntax}`
    const known = byContext.get(key)
    if (known) known.push(instance)
    else byContext.set(key, [instance])
  }
  const groups = [...byContext]
  return Array.from({ length: Math.ceil(groups.length / MAX_CONTEXTS) }, (_, at) => {
    const some = groups.slice(at * MAX_CONTEXTS, (at + 1) * MAX_CONTEXTS)
    const contexts = some.map(([key]) => {
      const [abstractSyntax = '', transferSyntax = ''] = key.split(' ')
      return { abstractSyntax, transferSyntaxes: [transferSyntax] }
    })
    return { contexts, members: some.flatMap(([, members]) => members) }
  })
}
