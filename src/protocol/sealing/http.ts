/** Sealing at the facility: what an edge learns, and how it hands over what it sealed. */
import * as z from 'zod/mini'
import { about, certificate, count, fingerprint, id, principalId, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from '../http/gateway.js'

const text = z.string().check(z.maxLength(500))

/** A certificate, and the ledger's proof that it was put into effect for this principal. */
export const provenCertificate = z.looseObject({
  id: about('Principal ID, or `recovery`.', principalId),
  fingerprint,
  certificate,
  receipt: about(
    'Proof of the `certificate.changed` event that names principal and fingerprint.',
    receipt,
  ),
})
export type ProvenCertificate = Named<z.output<typeof provenCertificate>>

export const sealingAnswer = z.looseObject({
  gateway: about('Name of the gateway in statements and manifests.', text),
  edge: about('The caller, as whom it signs.', provenCertificate),
  facility: provenCertificate,
  rules: z.looseObject({
    profile: about(
      'Profile of the facility, as de-identification takes it.',
      z.record(z.string(), z.unknown()),
    ),
    documents: word('What happens to documents', 'pass', 'quarantine'),
    documentTypes: z.optional(z.array(text).check(z.maxLength(100))),
    encryptedAttributes: z.optional(
      about(
        'Keys that each instance carries its original values encrypted to.',
        z
          .array(
            z.looseObject({
              publicKey: z.string().check(z.maxLength(10_000)),
              keyId: text,
            }),
          )
          .check(z.maxLength(8)),
      ),
    ),
    keys: z.looseObject({ allowRsa2048: z.boolean(), fips: z.boolean() }),
  }),
  groups: about(
    'Reading groups of the facility that can be sealed to now.',
    z
      .array(
        z.looseObject({
          id: principalId,
          timezone: text,
          recipients: about(
            'Readers, then the recovery certificate: all of them, and nobody else.',
            z.array(provenCertificate).check(z.minLength(1), z.maxLength(1_001)),
          ),
        }),
      )
      .check(z.maxLength(1_000)),
  ),
})
export type SealingAnswer = Named<z.output<typeof sealingAnswer>>

export const sealedRequest = z.strictObject({
  statement: about(
    'Canonical JSON (RFC 8785) of `type` "nocturne-sealed": src/protocol/sealing/statement.ts.',
    z.string().check(z.minLength(1), z.maxLength(30_000_000)),
  ),
  signature: about(
    "Armored detached OpenPGP signature of the statement's UTF-8 octets, by the edge's key.",
    z.string().check(z.minLength(1), z.maxLength(16_384)),
  ),
})

export const sealedAnswer = z.looseObject({
  id,
  state: word('State', 'receiving', 'available', 'acknowledged', 'expired'),
  wanted: about(
    'Numbers of the data packets that have not arrived; 0 is the manifest.',
    z.array(count).check(z.maxLength(1_000_000)),
  ),
})
export type SealedAnswer = Named<z.output<typeof sealedAnswer>>

export const sealedItemAnswer = z.looseObject({ id, index: count, size: count })

/** Who sealed a transfer, for those who verify its manifest. */
export const sealerAnswer = z.looseObject({
  edge: principalId,
  fingerprint,
  certificate,
  receipt: about(
    'Proof of the `transfer.available` event, which names edge, fingerprint and manifest.',
    receipt,
  ),
})
export type SealerAnswer = z.output<typeof sealerAnswer>
