/** Runs, by the clock, what the rooms that work at night have due. */
import type { Cases } from '../cases/index.js'
import type { Critical } from '../critical/index.js'
import type { Notify } from '../notify/index.js'
import { startRounds } from './rounds.js'

const ROUND_MS = 1_000

export interface NightRooms {
  readonly cases: Pick<Cases, 'runDue'>
  readonly critical: Pick<Critical, 'runDue'>
  readonly notify: Pick<Notify, 'sendDue'>
}

/**
 * Runs what is due, once a second; a round that fails is retried.
 *
 * @returns a function that stops the rounds.
 */
export function startNight(
  { cases, critical, notify }: NightRooms,
  failed: (error: unknown) => void,
): () => Promise<void> {
  return startRounds(ROUND_MS, async () => {
    const work = [cases.runDue(), critical.runDue(), notify.sendDue()]
    for (const one of await Promise.allSettled(work))
      if (one.status === 'rejected') failed(one.reason)
  })
}
