/**
 * The readiness check: can a reader open data sealed to them now, before the first urgent study
 * arrives?
 */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import type { Principal } from '../../directory/index.js'
import type { Actor, Ledger } from '../../ledger/log/index.js'
import type { Recipient, VerifyDetached } from '../../seal/keys/index.js'
import type { KeyCheckAnswer, KeyCheckedAnswer } from '../../protocol/http/gateway.js'
import { answerToKeyCheck, writeKeyCheck } from '../../protocol/key-check.js'
import type { KeyCheck } from '../../protocol/key-check.js'

export interface KeyChecks {
  /** @throws NocturneError `recipient_unusable` */
  begin(principal: Principal): Promise<KeyCheckAnswer>
  /**
   * Records success and failure alike.
   *
   * @throws NocturneError `challenge_invalid`, `key_check_signature`, `ledger_unavailable`
   */
  complete(
    principal: Principal,
    actor: Actor,
    given: {
      readonly id: string
      readonly answer: string
      readonly signature?: string | undefined
    },
  ): Promise<KeyCheckedAnswer>
}

export interface KeyCheckOptions {
  readonly ledger: Pick<Ledger, 'record' | 'note' | 'proof'>
  /** The principal's certificate, checked against today's policy. */
  readonly recipientOf: (principal: Principal) => Promise<Recipient>
  /** Implemented by the seal room; the same as for a study. */
  readonly sealBytes: (content: Uint8Array, recipient: Recipient) => Promise<Buffer>
  readonly verifyDetached: VerifyDetached
  readonly origin: () => string
  /** The same secret as for sign-in, shared by all gateways on this database. */
  readonly secret: Uint8Array
  readonly now: () => number
}

const CHECK_MS = 5 * 60_000
/** Fingerprint, expiry of the check in seconds, 16 random octets. */
const ID = /^([0-9a-f]{40,64})\.([0-9]{9,11})\.([0-9a-f]{32})$/

/**
 * Nothing is stored between the two requests: the nonce is derived from the ID, which contains the
 * certificate's fingerprint, so an answer is valid for that key alone. A second use of the same ID
 * is refused.
 */
export function createKeyChecks(options: KeyCheckOptions): KeyChecks {
  const { ledger, recipientOf, sealBytes, verifyDetached, origin, now } = options
  const key = Buffer.from(hkdfSync('sha256', options.secret, '', 'nocturne key check v1', 32))

  const checkOf = (principal: string, id: string) => {
    const [, fingerprint, seconds] = ID.exec(id) ?? []
    if (fingerprint === undefined) throw new NocturneError('challenge_invalid')
    const nonce = createHmac('sha256', key).update(`${principal}|${id}`).digest('hex')
    const expiresAt = Number(seconds) * 1000
    return { fingerprint, check: { origin: origin(), principal, nonce, expiresAt } }
  }

  return {
    async begin(principal) {
      const recipient = await recipientOf(principal)
      const end = Math.floor((now() + CHECK_MS) / 1000)
      const id = `${recipient.fingerprint}.${end}.${randomBytes(16).toString('hex')}`
      const { check } = checkOf(principal.id, id)
      const message = await sealBytes(Buffer.from(writeKeyCheck(check)), recipient)
      return {
        id,
        principal: principal.id,
        fingerprint: recipient.fingerprint,
        message: message.toString('base64'),
        expiresAt: new Date(check.expiresAt).toISOString(),
      }
    },

    async complete(principal, actor, { id, answer, signature }) {
      const { fingerprint, check } = checkOf(principal.id, id)
      const isRight = check.expiresAt > now() && isAnswer(check, answer)
      const event = { type: 'key.checked' as const, actor, detail: { fingerprint } }
      const isSigner =
        isRight &&
        signature !== undefined &&
        (await verifyDetached(answerToKeyCheck(check), signature, principal.certificate))
      if (!isRight || (signature !== undefined && !isSigner)) {
        await ledger.note({ ...event, outcome: 4 })
        throw new NocturneError(isRight ? 'key_check_signature' : 'challenge_invalid')
      }
      const { receipts } = await ledger.record(async (tx) => {
        const { numInsertedOrUpdatedRows: rows } = await tx
          .insertInto('challenges')
          .values({ nonce: id, principal: principal.id, expires_at: check.expiresAt + CHECK_MS })
          .onConflict((conflict) => conflict.column('nonce').doNothing())
          .executeTakeFirstOrThrow()
        if (rows !== 1n) throw new NocturneError('challenge_invalid')
        return {
          value: undefined,
          events: [{ ...event, outcome: 0, detail: { fingerprint, isSigner } }],
        }
      })
      return {
        principal: principal.id,
        fingerprint,
        isSigner,
        receipt: await ledger.proof(receipts[0].index),
      }
    },
  }
}

function isAnswer(check: KeyCheck, answer: string): boolean {
  const expected = Buffer.from(createHash('sha256').update(answerToKeyCheck(check)).digest('hex'))
  const given = Buffer.from(answer)
  return expected.length === given.length && timingSafeEqual(expected, given)
}
