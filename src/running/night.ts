/** Runs, by the clock, what the rooms that work at night have due. */
import type { Cases } from '../cases/index.js'
import type { Critical } from '../critical/index.js'
import type { Notify } from '../notify/index.js'

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
  let isOver = false
  let round: Promise<unknown> = Promise.resolve()
  let isBusy = false
  const dueWork = () => [cases.runDue(), critical.runDue(), notify.sendDue()]
  const timer = setInterval(() => {
    if (isBusy || isOver) return
    isBusy = true
    round = Promise.allSettled(dueWork()).then((outcomes) => {
      isBusy = false
      for (const one of outcomes) if (one.status === 'rejected') failed(one.reason)
    })
  }, ROUND_MS)
  timer.unref()
  return async () => {
    isOver = true
    clearInterval(timer)
    await round
  }
}
