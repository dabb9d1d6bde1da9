/**
 * The check at every door: who asks, how often they failed, and the ledger's record of refusals.
 */
import type { Request } from 'express'
import { createEventThrottle, createFailureLimiter } from '../access/sign-in/index.js'
import type { Action } from '../access/index.js'
import type { FailureLimiter } from '../access/sign-in/index.js'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { Actor } from '../ledger/log/index.js'
import type { Rooms } from '../rooms.js'
import { createListings } from './listings.js'
import type { ListName } from './listings.js'
import { addressOf } from './request.js'
import type { Asker } from './request.js'

/**
 * Refusals that are recorded one by one in a minute; the rest are counted. Strangers have a bound
 * of their own, so that their noise cannot keep an insider's refusal out of the ledger.
 */
const REFUSAL_EVENTS_PER_MINUTE = { stranger: 60, insider: 600, lockOut: 30 }

export interface Door {
  readonly rooms: Rooms
  readonly limiter: FailureLimiter
  /** @throws NocturneError `unauthenticated`, `rate_limited` */
  authenticate(request: Request): Promise<Asker>
  /** Records that somebody may not do what they asked. */
  refuse(
    actor: Actor,
    action: Action | 'authenticate',
    rule: string,
    transfer?: string,
  ): Promise<void>
  /** Records that somebody looked at a list: before it is answered, and not every time. */
  noteListing(actor: Actor, list: ListName): Promise<void>
  /**
   * @throws RateLimitedError when the address or the account failed too often, which is an event.
   */
  holdBack(address: string, account?: string): Promise<void>
}

/** `rate_limited` with the seconds to wait, for the Retry-After header. */
export class RateLimitedError extends NocturneError {
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('rate_limited')
    this.retryAfter = retryAfter
  }
}

export function createDoor(rooms: Rooms): Door {
  const { now } = rooms
  const limiter = createFailureLimiter({
    perMinute: rooms.site.config.limits.failuresPerMinute,
    now,
  })
  const strangers = createEventThrottle({ perMinute: REFUSAL_EVENTS_PER_MINUTE.stranger, now })
  const insiders = createEventThrottle({ perMinute: REFUSAL_EVENTS_PER_MINUTE.insider, now })

  const lockOuts = createEventThrottle({ perMinute: REFUSAL_EVENTS_PER_MINUTE.lockOut, now })

  /** The id as typed is not recorded: it may be anything, a password among them. */
  const noteLockOut = async (address: string, account: string | undefined, wait: number) => {
    const unrecorded = limiter.isNews(address, account) ? lockOuts.admit() : undefined
    if (unrecorded === undefined) return
    const principal = account === undefined ? undefined : rooms.directory.principal(account)?.id
    await rooms.ledger.note({
      type: 'signin.locked',
      outcome: 8,
      actor: { id: 'anonymous', role: 'anonymous', address },
      detail: {
        seconds: wait,
        ...(principal !== undefined && { principal }),
        ...(unrecorded > 0 && { unrecorded }),
      },
    })
  }

  const holdBack = async (address: string, account?: string) => {
    const wait = limiter.check(address, account)
    if (wait === undefined) return
    await noteLockOut(address, account, wait)
    throw new RateLimitedError(wait)
  }

  const refuse: Door['refuse'] = async (actor, action, rule, transfer) => {
    const unrecorded = (actor.role === 'anonymous' ? strangers : insiders).admit()
    if (unrecorded === undefined) return
    await rooms.ledger.note({
      type: 'access.refused',
      outcome: 8,
      actor,
      ...(transfer !== undefined && { transfer }),
      detail: { action, rule, ...(unrecorded > 0 && { unrecorded }) },
    })
  }

  return {
    rooms,
    limiter,
    holdBack,
    refuse,
    noteListing: createListings(rooms.ledger, now),
    async authenticate(request) {
      const address = addressOf(request)
      try {
        const session = await rooms.authenticate(request.headers.authorization)
        const { id, role } = session.principal
        const method = session.method
        return { session, actor: { id, role, method, token: session.token, address } }
      } catch (error) {
        const reason = asNocturneError(error)
        if (reason.code !== 'unauthenticated') throw reason
        // A valid token is never held back: only failures are.
        await holdBack(address)
        limiter.failed(address)
        const anonymous: Actor = { id: 'anonymous', role: 'anonymous', address }
        await refuse(anonymous, 'authenticate', 'no valid token')
        throw reason
      }
    },
  }
}
