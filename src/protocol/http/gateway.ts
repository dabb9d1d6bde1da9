/**
 * What a client learns about a gateway and about itself; signing in; and the readiness check of a
 * reader's key.
 */
import * as z from 'zod/mini'
import { MAX_CHECK_SIGNATURE, MAX_SEALED_CHECK_BYTES } from '../key-check.js'
import { ROLES } from '../roles.js'
import {
  REQUISITION_FIELDS,
  about,
  count,
  fingerprint,
  instant,
  principalId,
  sha256,
  word,
} from '../words.js'
import type { Named } from '../words.js'

const text = z.string().check(z.maxLength(500))
const certificate = z.string().check(z.maxLength(100_000))
/** The ID as the client wrote it: the answer does not reveal whether the principal exists. */
const someone = z.string().check(z.minLength(1), z.maxLength(64))
const signature = about(
  'Armored detached OpenPGP signature.',
  z.string().check(z.minLength(1), z.maxLength(16_384)),
)
export const receipt = about(
  'Proof that the event is in the ledger (c2sp.org/tlog-proof). Keep it: it verifies offline.',
  z.string().check(z.maxLength(100_000)),
)

export const gatewayAnswer = z.looseObject({
  name: about(
    'Name of the gateway in statements and manifests.',
    z.string().check(z.minLength(1), z.maxLength(255)),
  ),
  origin: about('Address of the gateway, as sign-in challenges state it.', text),
  version: text,
  certificate: about('OpenPGP certificate that manifests are signed with, armored.', certificate),
  formerCertificates: z._default(
    about(
      'Certificates of earlier keys, newest first: they signed manifests that are still stored.',
      z
        .array(
          z.looseObject({
            certificate,
            until: about('Signatures made after this moment are not valid.', instant),
          }),
        )
        .check(z.maxLength(100)),
    ),
    [],
  ),
  ledgerKey: about(
    'Verifier key of the ledger (c2sp.org/signed-note).',
    z.string().check(z.maxLength(1000)),
  ),
  limits: z.looseObject({
    itemBytes: about('Bytes of one file.', count),
    requestItems: about('Files in one request.', count),
    transferItems: about('Items in one transfer.', count),
    transferBytes: about('Bytes of one transfer.', count),
  }),
})
export type GatewayAnswer = z.infer<typeof gatewayAnswer>

export const memberRequest = z.strictObject({ principal: principalId, group: principalId })
const member = z.looseObject({ principal: text, group: text })
export const membersAnswer = z.looseObject({
  waiting: about(
    'Readers that nocturne.yaml names in a group and nobody has confirmed.',
    z.array(member),
  ),
})
export const memberAnswer = z.looseObject({ ...member.shape, receipt })

export const logQuery = z.strictObject({
  from: z.optional(
    about(
      'Number of entries of a checkpoint seen before.',
      z.string().check(z.regex(/^\d{1,15}$/)),
    ),
  ),
})

export const logAnswer = z.looseObject({
  checkpoint: about(
    'Signed head of the log (c2sp.org/tlog-checkpoint).',
    z.string().check(z.maxLength(100_000)),
  ),
  consistency: about(
    'Proof that the log extends its first `from` entries (RFC 6962 section 2.1.2), in base64; empty without `from`, or when nothing was added.',
    z.array(z.string().check(z.maxLength(100))).check(z.maxLength(128)),
  ),
})

export const sessionAnswer = z.looseObject({
  principal: text,
  role: word('Role', ...ROLES),
  facility: z.optional(about('For a sender: the facility they send for.', text)),
  groups: z.optional(
    about(
      'For a reader: the groups they read for. For a sender: those that the facility sends to.',
      z.array(text),
    ),
  ),
  requisition: z.optional(
    about(
      'For a sender: what a requisition of the facility must say.',
      z.array(word('Field', ...REQUISITION_FIELDS)),
    ),
  ),
  expiresAt: instant,
})
export type SessionAnswer = Named<z.infer<typeof sessionAnswer>>

export const challengeRequest = z.strictObject({ principal: someone })
export const challengeAnswer = z.looseObject({
  challenge: about(
    'The text to sign, octet for octet. Read it first: `origin` must be the gateway you are talking to, and `principal` must be you.',
    z.string().check(z.minLength(1), z.maxLength(10_000)),
  ),
  expiresAt: instant,
})
export const signInRequest = z.strictObject({
  principal: someone,
  challenge: z.string().check(z.minLength(1), z.maxLength(2_000)),
  signature,
})
export const tokenAnswer = z.looseObject({
  token: about('Bearer token.', z.string().check(z.regex(/^[\x21-\x7e]{1,1000}$/))),
  expiresAt: instant,
})

export const keyCheckAnswer = z.looseObject({
  id: about('Identifies the check; return it with the answer.', z.string().check(z.maxLength(200))),
  principal: text,
  fingerprint: about('Certificate that the message is sealed to.', text),
  message: about(
    'One OpenPGP message in base64. Its content is `nocturne-check/v1|origin|principal|nonce|expiry`.',
    z.base64().check(z.maxLength(MAX_SEALED_CHECK_BYTES * 2)),
  ),
  expiresAt: z.optional(instant),
})
export type KeyCheckAnswer = Named<z.infer<typeof keyCheckAnswer>>
export const keyCheckedRequest = z.strictObject({
  id: z.string().check(z.minLength(1), z.maxLength(128)),
  answer: about('SHA-256 of `nocturne-check-answer/v1|origin|principal|nonce`.', sha256),
  signature: z.optional(
    about(
      'An armored detached signature over the text that `answer` is the digest of. Without it, only opening is checked.',
      z.string().check(z.minLength(1), z.maxLength(MAX_CHECK_SIGNATURE)),
    ),
  ),
})
export const keyCheckedAnswer = z.looseObject({
  principal: text,
  fingerprint,
  isSigner: z.optional(about('Whether a signature was given, and verified.', z.boolean())),
  receipt,
})
export type KeyCheckedAnswer = Named<z.infer<typeof keyCheckedAnswer>>
