/** Invitations: what an operator makes and confirms, and what an invited person sends. */
import * as z from 'zod/mini'
import { PERSON_ROLES } from '../roles.js'
import { about, certificate, fingerprint, id, instant, principalId, word } from '../words.js'
import type { Named } from '../words.js'

const text = z.string().check(z.maxLength(500))
const secret = about('From the fragment of the link.', z.string().check(z.regex(/^[\w-]{43}$/)))

/** Days for which a link may be valid. */
export const MOST_DAYS = 14
export const DEFAULT_DAYS = 3

export const invitationRequest = z.strictObject({
  principal: principalId,
  role: z.enum(PERSON_ROLES),
  groups: z._default(z.array(principalId).check(z.maxLength(100)), []),
  facility: z.optional(principalId),
  email: z.optional(z.email().check(z.maxLength(200))),
  days: z._default(z.int().check(z.minimum(1), z.maximum(MOST_DAYS)), DEFAULT_DAYS),
})

const invited = {
  principal: text,
  role: word('Role', ...PERSON_ROLES),
  groups: z.array(text),
  facility: z.optional(text),
}

export const invitationMade = z.looseObject({
  link: about(
    'To be given to the person: it holds the secret, which is shown only now.',
    z.string().check(z.maxLength(2_000)),
  ),
  expiresAt: instant,
})

export const invitationsAnswer = z.looseObject({
  invitations: z.array(
    z.looseObject({
      id,
      ...invited,
      state: word('State', 'open', 'answered', 'expired'),
      expiresAt: instant,
      fingerprint: z.optional(fingerprint),
    }),
  ),
})

export const confirmRequest = z.strictObject({
  words: about(
    'The eight words that the person reads out by phone.',
    z.string().check(z.minLength(1), z.maxLength(500)),
  ),
})
export const confirmedAnswer = z.looseObject({
  principal: text,
  fingerprint,
  waitsFor: about(
    'Groups in which a second person must confirm the reader: `directory.confirm: two`.',
    z.array(text),
  ),
})
export const endedAnswer = z.looseObject({
  principal: text,
  ended: word('What ended', 'withdrawn', 'removed'),
})

export const joinRequest = z.strictObject({ invitation: id, secret })
export const joinAnswer = z.looseObject({
  gateway: about('Name of the gateway, as the statement to sign has it.', text),
  ...invited,
  state: word('State', 'open', 'answered'),
  expiresAt: instant,
  fingerprint: z.optional(fingerprint),
})
export type JoinAnswer = Named<z.infer<typeof joinAnswer>>

export const joinCertificateRequest = z.strictObject({
  invitation: id,
  secret,
  certificate,
  signature: about(
    'Armored detached signature of `nocturne-join/v1|gateway|invitation|principal|fingerprint`.',
    z.string().check(z.minLength(1), z.maxLength(16_384)),
  ),
})
export const joinedAnswer = z.looseObject({ fingerprint })
