/**
 * The proof that somebody can open a case, required before they can hold it, or seal one of its
 * transfers to somebody else.
 */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { claimStatement, sealedClaimText } from '../protocol/claim.js'
import type { ClaimChallenge, ClaimProof } from '../protocol/claim.js'
import { packetsText, recipientStatement } from '../protocol/recipient-statement.js'
import type { RecipientAddition } from '../protocol/recipient-statement.js'

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
  /**
   * @param addition the recipient to be added and their packets; undefined for a claim. A challenge
   *   for one purpose is of no use for another.
   */
  challenge(
    reader: string,
    openable: Openable,
    addition?: RecipientAddition,
  ): Promise<ClaimChallenge>
  /**
   * @throws NocturneError `challenge_invalid` for a nonce that is foreign or expired, or was made
   *   for another purpose; `claim_unproven` or, for an addition, `recipient_unproven`
   */
  check(
    reader: string,
    openable: Openable,
    proof: ClaimProof,
    addition?: RecipientAddition,
  ): 'session-key' | 'certificate'
}

const CHALLENGE_MS = 5 * 60_000
/** Expiry in seconds, 16 random octets, and a MAC over both. */
const NONCE = /^(\d{9,11})\.([0-9a-f]{32})\.([0-9a-f]{64})$/

/**
 * Nothing is stored between the two requests: a nonce contains its expiry, and a MAC that binds it
 * to this reader, case and purpose.
 */
export function createProofs(parts: ProofParts): Proofs {
  const { gateway, now } = parts
  const key = Buffer.from(hkdfSync('sha256', parts.secret, '', 'nocturne/claim/v1', 32))
  const mac = (...texts: string[]): string =>
    createHmac('sha256', key).update(texts.join('|')).digest('hex')
  const asked = (reader: string, one: Openable, addition?: RecipientAddition): Asked => {
    const tagOf = (front: string) =>
      mac('nonce', reader, one.case, one.transfer, ...purposeOf(addition), front)
    const about = { gateway, case: one.case, transfer: one.transfer }
    return {
      tagOf,
      statement: (nonce) =>
        addition
          ? recipientStatement({ ...about, ...addition, actor: reader, nonce })
          : claimStatement({ ...about, reader, nonce }),
      sealedText: (nonce) =>
        sealedClaimText({ ...about, reader, nonce }, mac('sealed', nonce), purposeOf(addition)),
    }
  }

  return {
    async challenge(reader, openable, addition) {
      const { tagOf, sealedText } = asked(reader, openable, addition)
      const end = Math.floor((now() + CHALLENGE_MS) / 1000)
      const front = `${end}.${randomBytes(16).toString('hex')}`
      const nonce = `${front}.${tagOf(front)}`
      const sealed = openable.isOwnPacket
        ? await parts.sealTo(reader, Buffer.from(sealedText(nonce)))
        : undefined
      return {
        case: openable.case,
        code: openable.code,
        transfer: openable.transfer,
        nonce,
        expiresAt: new Date(end * 1000).toISOString(),
        ...(openable.proofKey === undefined && { isAnswerOnly: true }),
        ...(sealed && { sealed: sealed.toString('base64') }),
      }
    },

    check(reader, openable, proof, addition) {
      const { tagOf, sealedText, statement } = asked(reader, openable, addition)
      const unproven = addition ? 'recipient_unproven' : 'claim_unproven'
      const { nonce } = proof
      const [, seconds = '', random = '', tag = ''] = NONCE.exec(nonce) ?? []
      const isOurs = isSame(tag, tagOf(`${seconds}.${random}`))
      if (!isOurs || Number(seconds) * 1000 <= now()) throw new NocturneError('challenge_invalid')
      if ('signature' in proof) {
        const { proofKey } = openable
        const isProven =
          proofKey !== undefined && parts.isProof(proofKey, statement(nonce), proof.signature)
        if (!isProven) throw new NocturneError(unproven)
        return 'session-key'
      }
      const expected = createHash('sha256').update(sealedText(nonce)).digest('hex')
      if (!openable.isOwnPacket || !isSame(proof.answer, expected))
        throw new NocturneError(unproven)
      return 'certificate'
    },
  }
}

/** What a reader has to prove, and how the gateway recognises its own challenge. */
interface Asked {
  readonly tagOf: (front: string) => string
  readonly statement: (nonce: string) => string
  readonly sealedText: (nonce: string) => string
}

/** Empty for a claim. The packets may be long, so their digest stands for them. */
const purposeOf = (addition: RecipientAddition | undefined): readonly string[] =>
  addition
    ? [
        'recipient',
        addition.recipient,
        addition.fingerprint,
        createHash('sha256').update(packetsText(addition.packets)).digest('hex'),
      ]
    : []

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
