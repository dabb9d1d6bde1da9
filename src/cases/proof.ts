/** The proof that a reader can open a case, required before they can hold it. */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { claimStatement, sealedClaimText } from '../protocol/claim.js'
import type { ClaimChallenge, ClaimProof, ClaimStatement } from '../protocol/claim.js'

export interface Openable {
  readonly case: string
  readonly code: string
  readonly transfer: string
  /** From the manifest's envelope; undefined for a transfer sealed before proof keys existed. */
  readonly proofKey: string | undefined
  /**
   * True if the reader's key packet is for their current certificate, and is not one added by a
   * colleague that has never been opened.
   */
  readonly isOwnPacket: boolean
}

export interface ProofParts {
  readonly gateway: string
  /** Shared by all gateways of the site. */
  readonly secret: Uint8Array
  /**
   * Seals to the reader's current certificate.
   *
   * @throws NocturneError `recipient_unusable`
   */
  readonly sealTo: (reader: string, content: Uint8Array) => Promise<Buffer>
  /** Implemented by the seal room. */
  readonly isProof: (publicKey: string, text: string, signature: string) => boolean
  readonly now: () => number
}

export interface Proofs {
  challenge(reader: string, openable: Openable): Promise<ClaimChallenge>
  /**
   * @throws NocturneError `challenge_invalid` for a nonce that is foreign or expired;
   *   `claim_unproven`
   */
  check(reader: string, openable: Openable, proof: ClaimProof): 'session-key' | 'certificate'
}

const CHALLENGE_MS = 5 * 60_000
/** Expiry in seconds, 16 random octets, and a MAC over both. */
const NONCE = /^(\d{9,11})\.([0-9a-f]{32})\.([0-9a-f]{64})$/

/**
 * Nothing is stored between the two requests: a nonce contains its expiry, and a MAC that binds it
 * to this reader and case.
 */
export function createProofs(parts: ProofParts): Proofs {
  const { gateway, now } = parts
  const key = Buffer.from(hkdfSync('sha256', parts.secret, '', 'nocturne/claim/v1', 32))
  const mac = (...texts: string[]): string =>
    createHmac('sha256', key).update(texts.join('|')).digest('hex')
  const tagOf = (reader: string, openable: Openable, front: string): string =>
    mac('nonce', reader, openable.case, openable.transfer, front)
  const statementOf = (reader: string, one: Openable, nonce: string): ClaimStatement => ({
    gateway,
    case: one.case,
    transfer: one.transfer,
    reader,
    nonce,
  })

  return {
    async challenge(reader, openable) {
      const end = Math.floor((now() + CHALLENGE_MS) / 1000)
      const front = `${end}.${randomBytes(16).toString('hex')}`
      const nonce = `${front}.${tagOf(reader, openable, front)}`
      const text = sealedClaimText(statementOf(reader, openable, nonce), mac('sealed', nonce))
      const sealed = openable.isOwnPacket
        ? await parts.sealTo(reader, Buffer.from(text))
        : undefined
      return {
        case: openable.case,
        code: openable.code,
        transfer: openable.transfer,
        nonce,
        expiresAt: new Date(end * 1000).toISOString(),
        ...(sealed && { sealed: sealed.toString('base64') }),
      }
    },

    check(reader, openable, proof) {
      const [, seconds = '', random = '', tag = ''] = NONCE.exec(proof.nonce) ?? []
      const isOurs = isSame(tag, tagOf(reader, openable, `${seconds}.${random}`))
      if (!isOurs || Number(seconds) * 1000 <= now()) throw new NocturneError('challenge_invalid')
      const statement = statementOf(reader, openable, proof.nonce)
      if ('signature' in proof) {
        const { proofKey } = openable
        if (
          proofKey === undefined ||
          !parts.isProof(proofKey, claimStatement(statement), proof.signature)
        )
          throw new NocturneError('claim_unproven')
        return 'session-key'
      }
      const text = sealedClaimText(statement, mac('sealed', proof.nonce))
      const expected = createHash('sha256').update(text).digest('hex')
      if (!openable.isOwnPacket || !isSame(proof.answer, expected))
        throw new NocturneError('claim_unproven')
      return 'certificate'
    },
  }
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
