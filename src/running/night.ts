/** Runs, by the clock, what the rooms that work at night have due. */
import type { Cases } from '../cases/index.js'
import type { Critical } from '../critical/index.js'
import type { Notify } from '../notify/index.js'
import { startRounds } from './rounds.js'

const ROUND_MS = 1_000

export interface NightRooms {
  readonly cases: Pick<Cases, 'runDue'>
  readonly critical: Pick<Critical, 'runDue'>
  readonly notify: Pick<Notify, 'channels' | 'sendDue'>
}

/**
 * Runs what is due, once a second; a round that fails is retried. Each channel of notification has
 * rounds of its own, so that a receiver that does not answer delays neither the clocks nor others.
 *
 * @returns a function that stops the rounds.
 */
export function startNight(
  { cases, critical, notify }: NightRooms,
  failed: (error: unknown) => void,
): () => Promise<void> {
  const { channels } = notify
  const works = [
    () => cases.runDue(),
    () => critical.runDue(),
    ...channels.map((only) => () => notify.sendDue({ only })),
    () => notify.sendDue({ except: channels }),
  ]
  const stops = works.map((work) => startRounds(ROUND_MS, () => work().catch(failed)))
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}
