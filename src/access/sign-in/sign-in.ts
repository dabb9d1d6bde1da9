/**
 * Sign-in with an OpenPGP key: the gateway writes a challenge, the person signs it and receives a
 * session for one shift. Only signatures are used. Nothing is ever decrypted for a challenge,
 * because a client that decrypts whatever a server sends could be tricked into opening a study.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ANONYMOUS } from '../../lib/actors.js'
import { asNocturneError, NocturneError } from '../../lib/errors.js'
import type { Directory, Principal } from '../../directory/index.js'
import type { Actor, Ledger, Receipt } from '../../ledger/log/index.js'
import type { Tx } from '../../state/index.js'
import { CHALLENGE_LENGTH } from '../../protocol/sign-in-challenge.js'
import type { Challenge } from '../../protocol/sign-in-challenge.js'
import { createChallengeBook } from './challenge.js'
import { createEventThrottle } from './event-throttle.js'
import type { NewToken, Tokens } from '../tokens.js'
import type { VerifyDetached } from '../../seal/keys/index.js'

export interface SignIn {
  /**
   * Returns the text to sign, for any caller and even for principals that do not exist.
   *
   * @throws NocturneError `bad_request` when `principal` is not a well-formed ID.
   */
  challenge(principal: string): { readonly challenge: string; readonly expiresAt: number }
  /**
   * Returns a session of 12 hours. `signature` is an armored detached signature over the
   * challenge's UTF-8 bytes.
   *
   * @throws NocturneError `challenge_invalid` for every kind of failure; `ledger_unavailable`
   */
  complete(
    principal: string,
    challenge: string,
    signature: string,
    address: string,
  ): Promise<NewToken & { readonly receipt: Receipt }>
}

export interface SignInOptions {
  readonly ledger: Ledger
  readonly directory: Pick<Directory, 'principal'>
  readonly tokens: Pick<Tokens, 'mint'>
  /**
   * The URL that clients see, such as `https://gateway.example.org`. A function, because an
   * automatically chosen port is known only later.
   */
  readonly origin: () => string
  /** A secret that all gateways on this database share; at least 32 bytes of entropy. */
  readonly secret: Uint8Array
  /** Whether `signature` is a valid signature over `text` by the certificate, today. */
  readonly verifyDetached: VerifyDetached
  /** Milliseconds since 1970. */
  readonly now: () => number
  /**
   * Failures are answered no sooner than this after the request, so that timing reveals nothing.
   */
  readonly failureMs?: number
}

const CHALLENGE_MS = 2 * 60_000
const SESSION_MS = 12 * 3_600_000
/**
 * Used nonces are kept longer than their challenge is valid, because the clocks of two gateways may
 * differ.
 */
const CLOCK_SKEW_MS = 10 * 60_000
const SIGNATURE_LENGTH = 16_384
const FAILURE_EVENTS_PER_MINUTE = 30

const PRINCIPAL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

type Reason = 'challenge' | 'origin' | 'principal' | 'expired' | 'signature' | 'used'

/** Why a sign-in failed: for the ledger, never for the client. */
class Refused extends Error {
  readonly reason: Reason

  constructor(reason: Reason) {
    super(reason)
    this.reason = reason
  }
}

/**
 * Undefined when the caller is not at fault. Within the transaction, only a used nonce is refused.
 */
const reasonOf = (error: unknown): Reason | undefined => {
  if (error instanceof Refused) return error.reason
  return error instanceof NocturneError && error.code === 'challenge_invalid' ? 'used' : undefined
}

/** Sign-in for people. The answer to a failure never depends on its cause. */
export function createSignIn(options: SignInOptions): SignIn {
  const { origin, now, failureMs = 250 } = options
  const book = createChallengeBook(options.secret)
  const noteFailure = createFailureNotes(options)
  return {
    challenge(principal) {
      if (!PRINCIPAL.test(principal)) throw new NocturneError('bad_request', { field: 'principal' })
      const expiresAt = now() + CHALLENGE_MS
      return { challenge: book.write({ origin: origin(), principal, expiresAt }), expiresAt }
    },

    async complete(principal, challenge, signature, address) {
      const started = performance.now()
      try {
        const answer = { id: principal, challenge, signature }
        const [known, given] = await check(options, (text) => book.read(text), answer)
        return await enter(options, known, given, address)
      } catch (error) {
        const reason = reasonOf(error)
        if (!reason) throw asNocturneError(error)
        await noteFailure(principal, reason, address)
        await delay(Math.max(0, started + failureMs - performance.now()))
        throw new NocturneError('challenge_invalid')
      }
    },
  }
}

interface Answer {
  readonly id: string
  readonly challenge: string
  readonly signature: string
}

/**
 * Cheap checks come first. The signature is verified only for a challenge that a gateway of this
 * site wrote, that is current, and that is for this person.
 */
async function check(
  { directory, origin, verifyDetached, now }: SignInOptions,
  read: (text: string) => Challenge | undefined,
  { id, challenge: text, signature }: Answer,
): Promise<[Principal, Challenge]> {
  const challenge = text.length <= CHALLENGE_LENGTH ? read(text) : undefined
  if (!challenge) throw new Refused('challenge')
  if (challenge.origin !== origin()) throw new Refused('origin')
  if (challenge.principal !== id) throw new Refused('principal')
  if (challenge.expiresAt <= now()) throw new Refused('expired')
  const principal = directory.principal(id)
  if (!principal) throw new Refused('principal')
  const isTheirs =
    signature.length <= SIGNATURE_LENGTH &&
    (await verifyDetached(text, signature, principal.certificate))
  if (!isTheirs) throw new Refused('signature')
  return [principal, challenge]
}

async function enter(
  { ledger, tokens, now }: SignInOptions,
  { id, role }: Principal,
  challenge: Challenge,
  address: string,
): Promise<NewToken & { readonly receipt: Receipt }> {
  const { value, receipts } = await ledger.record(async (tx) => {
    await useUp(tx, challenge, now())
    const expiresAt = now() + SESSION_MS
    const token = await tokens.mint(tx, { principal: id, method: 'signature', expiresAt })
    const actor: Actor = { id, role, method: 'signature', token: token.id, address }
    const detail = { expiresAt: new Date(expiresAt).toISOString() }
    return { value: token, events: [{ type: 'signin.succeeded', outcome: 0, actor, detail }] }
  })
  return { ...value, receipt: receipts[0] }
}

/** A nonce works once: of two concurrent uses, one finds it taken, on every kind of database. */
async function useUp(
  tx: Tx,
  { nonce, principal, expiresAt }: Challenge,
  now: number,
): Promise<void> {
  await tx.deleteFrom('challenges').where('expires_at', '<', now).execute()
  const { numInsertedOrUpdatedRows: rows } = await tx
    .insertInto('challenges')
    .values({ nonce, principal, expires_at: expiresAt + CLOCK_SKEW_MS })
    .onConflict((conflict) => conflict.column('nonce').doNothing())
    .executeTakeFirstOrThrow()
  if (rows !== 1n) throw new NocturneError('challenge_invalid')
}

/**
 * The ID as typed is not recorded, because it may be anything, even a password or a patient's
 * name.
 */
function createFailureNotes({ ledger, directory, now }: SignInOptions) {
  const throttle = createEventThrottle({ perMinute: FAILURE_EVENTS_PER_MINUTE, now })
  return async (id: string, reason: Reason, address: string): Promise<void> => {
    const unrecorded = throttle.admit()
    if (unrecorded === undefined) return
    const known = directory.principal(id)?.id
    await ledger.note({
      type: 'signin.failed',
      outcome: 4,
      actor: { ...ANONYMOUS, method: 'signature', address },
      detail: { reason, ...(known && { principal: known }), ...(unrecorded > 0 && { unrecorded }) },
    })
  }
}
