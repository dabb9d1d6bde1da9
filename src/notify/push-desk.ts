/** A person's browsers that are subscribed to Web Push, as that person changes them. */
import type { PushRequest, PushAnswer } from '../protocol/http/duty.js'
import { NocturneError } from '../lib/errors.js'
import type { State } from '../state/index.js'
import { subscribe, subscriptionsOf, unsubscribe, vapidKeysOf } from './push.js'
import type { PushConfig } from './push.js'

export interface PushDesk {
  show(person: string): Promise<PushAnswer>
  /** @throws NocturneError `push_not_allowed` for a service that the site does not list */
  subscribe(person: string, browser: PushRequest): Promise<PushAnswer>
  /** Forgets a browser of this person; anybody else's stays. */
  unsubscribe(person: string, endpoint: string): Promise<PushAnswer>
}

export interface PushDeskParts {
  readonly state: Pick<State, 'db' | 'transaction'>
  /** Undefined where the site does not offer Web Push. */
  readonly config: PushConfig | undefined
  readonly secret: Uint8Array
  readonly now: () => number
}

export function createPushDesk({ state, config, secret, now }: PushDeskParts): PushDesk {
  const show = async (person: string): Promise<PushAnswer> => ({
    ...(config && { publicKey: vapidKeysOf(secret).publicKey }),
    browsers: (await subscriptionsOf(state.db, person)).length,
  })
  return {
    show,
    subscribe: async (person, { endpoint, keys: { p256dh, auth } }) => {
      if (!config) throw new NocturneError('push_not_allowed')
      const { hosts } = config
      await state.transaction((tx) =>
        subscribe(tx, person, { endpoint, p256dh, auth }, { hosts, now: now() }),
      )
      return show(person)
    },
    unsubscribe: async (person, endpoint) => {
      await state.transaction(async (tx) => {
        for (const one of await subscriptionsOf(tx, person))
          if (one.endpoint === endpoint) await unsubscribe(tx, one.id)
      })
      return show(person)
    },
  }
}
