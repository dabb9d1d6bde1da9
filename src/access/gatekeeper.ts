/**
 * The check before every action: who the caller is, how often they have failed, and whether they
 * may; records refusals in the ledger. Independent of the protocol of the request.
 */
import type { Cases } from '../cases/index.js'
import type { Directory } from '../directory/index.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import { ANONYMOUS } from '../lib/actors.js'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { CaseTable } from '../state/night/index.js'
import type { Transfer, Transfers } from '../transfer/index.js'
import type { Authenticate, ClientCertificate } from './authenticate.js'
import { decide } from './decide.js'
import type { Action } from './actions.js'
import { createListings } from './listings.js'
import type { ListName } from './listings.js'
import { refusal, relationTo } from './relation.js'
import type { Session } from './session.js'
import { createEventThrottle, createFailureLimiter } from './sign-in/index.js'
import type { FailureLimiter } from './sign-in/index.js'

/** What a caller presents as proof of identity. */
export interface Credentials {
  /** In the form of an `Authorization` header: `Bearer TOKEN`. */
  readonly authorization: string | undefined
  /** Of the connection; undefined without TLS, or when the client showed none. */
  readonly certificate?: ClientCertificate | undefined
  /** Address of the other end of the connection. */
  readonly address: string
}

export interface Asker {
  readonly session: Session
  readonly actor: Actor
}

export interface AskerOfTransfer extends Asker {
  readonly transfer: Transfer
}

export interface AskerOfCase extends Asker {
  readonly row: CaseTable
  /** The transfers of the case. */
  readonly transfers: readonly string[]
}

export interface Gatekeeper {
  /** @throws NocturneError `unauthenticated`, `client_certificate_required`, `rate_limited` */
  authenticate(credentials: Credentials): Promise<Asker>
  /**
   * Authenticates the caller, and checks that they may perform an action that has no object.
   *
   * @throws NocturneError `unauthenticated`, `rate_limited`, `forbidden`
   */
  admit(credentials: Credentials, action: Action): Promise<Asker>
  /**
   * Authenticates the caller, and checks that they may perform the action on the transfer.
   *
   * @throws NocturneError as `admit`, and `not_found`, `not_claimed`, `not_sealed_to_you`
   */
  admitToTransfer(
    credentials: Credentials,
    action: Action,
    transfer: string,
  ): Promise<AskerOfTransfer>
  /**
   * Authenticates the caller, and checks that they may perform the action on the case, given by
   * case ID, case code or transfer ID. A caller that can open one of its transfers has the same
   * relation to the case as to that transfer.
   *
   * @throws NocturneError as `admitToTransfer`
   */
  admitToCase(credentials: Credentials, action: Action, name: string): Promise<AskerOfCase>
  /** Records that the caller was refused an action. */
  refuse(
    actor: Actor,
    action: Action | 'authenticate',
    rule: string,
    transfer?: string,
  ): Promise<void>
  /** Records that the caller viewed a list: before the list is sent, and not every time. */
  noteListing(actor: Actor, list: ListName): Promise<void>
  /**
   * @throws RateLimitedError when the address or the account has failed too often, which is
   *   recorded as an event.
   */
  holdBack(address: string, account?: string): Promise<void>
  /** Counts a failed sign-in, or a success. */
  failed(address: string, account?: string): void
  succeeded(address: string, account: string): void
  /** On start: where each person signed in lately, from the ledger. */
  recall(): Promise<void>
}

/** `rate_limited` with the seconds to wait. */
export class RateLimitedError extends NocturneError {
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('rate_limited')
    this.retryAfter = retryAfter
  }
}

export interface GatekeeperParts {
  readonly authenticate: Authenticate
  readonly directory: Pick<Directory, 'principal'>
  readonly transfers: Pick<Transfers, 'find' | 'tiesOf' | 'recipientsOf'>
  readonly cases: Pick<Cases, 'find' | 'views'>
  readonly ledger: Pick<Ledger, 'note' | 'query'>
  /** Failures allowed per minute for one address or account, before `rate_limited`. */
  readonly failuresPerMinute: number
  readonly now: () => number
}

/**
 * Refusals recorded individually per minute; further ones are only counted. Strangers have a
 * separate limit, so that they cannot push an insider's refusal out of the ledger.
 */
const REFUSAL_EVENTS_PER_MINUTE = { stranger: 60, insider: 600, lockOut: 30 }

export function createGatekeeper(parts: GatekeeperParts): Gatekeeper {
  const { ledger, now } = parts
  const limiter = createFailureLimiter({ perMinute: parts.failuresPerMinute, now })
  const holdBack = createHoldBack(parts, limiter)
  const refuse = createRefuse(parts)
  const authenticate = createIdentification(parts, { limiter, holdBack, refuse })
  return {
    authenticate,
    admit: async (credentials, action) => {
      const asker = await authenticate(credentials)
      const decision = decide(asker.session.principal.role, action, 'global')
      if (decision.allowed) return asker
      await refuse(asker.actor, action, decision.rule)
      throw refusal(decision)
    },
    ...createObjectChecks(parts, authenticate, refuse),
    refuse,
    noteListing: createListings(ledger, now),
    holdBack,
    failed: (address, account) => limiter.failed(address, account),
    succeeded: (address, account) => limiter.succeeded(address, account),
    recall: () => recallSignIns(parts, limiter),
  }
}

/** Networks from which somebody signed in within this time stay theirs over a restart. */
const RECALLED_MS = 30 * 86_400_000
const RECALLED_AT_ONCE = 1_000

async function recallSignIns({ ledger, now }: GatekeeperParts, limiter: FailureLimiter) {
  const from = now() - RECALLED_MS
  for (let start: number | undefined = 0; start !== undefined;) {
    const types = ['signin.succeeded'] as const
    const page = await ledger.query({ types, from, start, limit: RECALLED_AT_ONCE })
    for (const { entry } of page.rows)
      if (entry.actor.address !== undefined) limiter.succeeded(entry.actor.address, entry.actor.id)
    start = page.next
  }
}

const REFUSALS = {
  unauthenticated: 'no valid token',
  client_certificate_required: 'not with the client certificate of the facility',
} as const

function createIdentification(
  parts: GatekeeperParts,
  { limiter, holdBack, refuse }: Refusals,
): Gatekeeper['authenticate'] {
  return async ({ authorization, certificate, address }) => {
    try {
      const session = await parts.authenticate(authorization, certificate)
      const { id, role } = session.principal
      const { method, token } = session
      return { session, actor: { id, role, method, token, address } }
    } catch (error) {
      const reason = asNocturneError(error)
      const { code } = reason
      if (code !== 'unauthenticated' && code !== 'client_certificate_required') throw reason
      // A valid token is never held back, only failures are.
      await holdBack(address)
      limiter.failed(address)
      await refuse({ ...ANONYMOUS, address }, 'authenticate', REFUSALS[code])
      throw reason
    }
  }
}

interface Refusals extends Pick<Gatekeeper, 'holdBack' | 'refuse'> {
  readonly limiter: FailureLimiter
}

/** The checks for actions on a transfer or a case. */
function createObjectChecks(
  { transfers, cases }: GatekeeperParts,
  authenticate: Gatekeeper['authenticate'],
  refuse: Gatekeeper['refuse'],
): Pick<Gatekeeper, 'admitToTransfer' | 'admitToCase'> {
  return {
    admitToTransfer: async (credentials, action, id) => {
      const asker = await authenticate(credentials)
      const { principal } = asker.session
      const transfer = await transfers.find(id)
      const ties = transfer && (await transfers.tiesOf(transfer))
      const decision = decide(principal.role, action, relationTo(principal, ties))
      if (decision.allowed && transfer) return { ...asker, transfer }
      await refuse(asker.actor, action, decision.rule, transfer?.id)
      throw decision.allowed ? new NocturneError('not_found') : refusal(decision)
    },
    admitToCase: async (credentials, action, name) => {
      const asker = await authenticate(credentials)
      const { principal } = asker.session
      const row = await cases.find(name)
      const [view] = row ? await cases.views([row]) : []
      const ids = view?.transfers.map((one) => one.id) ?? []
      const ties = row && {
        facility: row.facility,
        group: row.group_id,
        claimedBy: row.claimed_by ?? undefined,
        sealedTo: await transfers.recipientsOf(ids),
      }
      const decision = decide(principal.role, action, relationTo(principal, ties))
      if (decision.allowed && row) return { ...asker, row, transfers: ids }
      await refuse(asker.actor, action, decision.rule, ids[0])
      throw decision.allowed ? new NocturneError('not_found') : refusal(decision)
    },
  }
}

function createRefuse({ ledger, now }: GatekeeperParts): Gatekeeper['refuse'] {
  const strangers = createEventThrottle({ perMinute: REFUSAL_EVENTS_PER_MINUTE.stranger, now })
  const insiders = createEventThrottle({ perMinute: REFUSAL_EVENTS_PER_MINUTE.insider, now })
  return async (actor, action, rule, transfer) => {
    const unrecorded = (actor.role === 'anonymous' ? strangers : insiders).admit()
    if (unrecorded === undefined) return
    await ledger.note({
      type: 'access.refused',
      outcome: 8,
      actor,
      ...(transfer !== undefined && { transfer }),
      detail: { action, rule, ...(unrecorded > 0 && { unrecorded }) },
    })
  }
}

function createHoldBack(
  { ledger, directory, now }: GatekeeperParts,
  limiter: FailureLimiter,
): Gatekeeper['holdBack'] {
  const lockOuts = createEventThrottle({ perMinute: REFUSAL_EVENTS_PER_MINUTE.lockOut, now })

  /** The ID as typed is not recorded, because it may be anything, even a password. */
  const noteLockOut = async (address: string, account: string | undefined, wait: number) => {
    const unrecorded = limiter.isNews(address, account) ? lockOuts.admit() : undefined
    if (unrecorded === undefined) return
    const principal = account === undefined ? undefined : directory.principal(account)?.id
    await ledger.note({
      type: 'signin.locked',
      outcome: 8,
      actor: { ...ANONYMOUS, address },
      detail: {
        seconds: wait,
        ...(principal !== undefined && { principal }),
        ...(unrecorded > 0 && { unrecorded }),
      },
    })
  }

  return async (address, account) => {
    const wait = limiter.check(address, account)
    if (wait === undefined) return
    await noteLockOut(address, account, wait)
    throw new RateLimitedError(wait)
  }
}
