/** What an operator sees of the site: how it is set up, what is queued, and who has a token. */
import * as z from 'zod/mini'
import { about, count, id, instant, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from '../http/gateway.js'

const text = z.string().check(z.maxLength(500))
const many = <T extends z.ZodMiniType>(one: T) => z.array(one).check(z.maxLength(100_000))

export const siteAnswer = z.looseObject({
  name: about('Name of the gateway.', text),
  version: text,
  facilities: many(
    z.looseObject({
      id: text,
      groups: about('Reading groups that it may send to.', many(text)),
      profile: about('Name of its de-identification profile.', text),
      documents: word('What becomes of documents', 'pass', 'quarantine'),
      quota: about(
        'Share of `limits.dailyBytes` that it has sent within 24 hours; 1 is all of it.',
        z.number().check(z.nonnegative()),
      ),
    }),
  ),
  groups: many(
    z.looseObject({
      id: text,
      timezone: about('IANA name.', text),
      readers: about('Readers that take part in it now.', many(text)),
    }),
  ),
  people: many(
    z.looseObject({
      id: text,
      role: word('Role', 'sender', 'reader', 'officer', 'operator', 'recovery'),
      facility: z.optional(text),
      groups: many(text),
      fingerprint: z.optional(about('Of the certificate in effect.', text)),
      usableUntil: z.optional(about('The certificate expires then.', instant)),
      isRevoked: z.boolean(),
    }),
  ),
  certificates: about(
    'Certificates that expire soon, have expired, or wait to be confirmed.',
    many(z.looseObject({ principal: text, text: z.string().check(z.maxLength(2_000)) })),
  ),
  doors: z.looseObject({
    stow: z.boolean(),
    dimse: z.optional(
      z.looseObject({
        listen: about('Address and port.', text),
        aeTitle: text,
        isTls: z.boolean(),
        isOpen: about('The port is open on this gateway.', z.boolean()),
        peers: many(z.looseObject({ aeTitle: text, facility: text })),
      }),
    ),
    associations: about('DICOM associations that are open now.', count),
    arriving: about('Studies that are still arriving.', count),
  }),
  edges: about(
    'Who seals at a facility: what each has handed over. The rest stays at the facility.',
    many(
      z.looseObject({
        id: text,
        facility: text,
        isRegistered: about(
          'It has a certificate in effect, so that it can hand over.',
          z.boolean(),
        ),
        transfers: about('That it has handed over.', count),
        held: about('Items of these that the facility held back; they never came here.', count),
        lastAt: z.optional(about('When it last began to hand over.', instant)),
      }),
    ),
  ),
  notices: z.looseObject({
    waiting: about('Notifications that are not sent yet.', count),
    failing: about('Those of them whose last attempt failed.', count),
  }),
  witnesses: about('Names of the witnesses of the ledger.', many(text)),
  sinks: about('Where the ledger is forwarded to.', many(text)),
  backup: about(
    'The last backup that the ledger records; without `lastAt` there is none.',
    z.looseObject({ isConfigured: z.boolean(), lastAt: z.optional(instant) }),
  ),
})
export type SiteAnswer = Named<z.infer<typeof siteAnswer>>

export const tokensAnswer = z.looseObject({
  tokens: about(
    'Newest first; they stay listed for 30 days after they expire.',
    many(
      z.looseObject({
        id: about('Public: it identifies the token, and is not the token.', id),
        principal: text,
        method: word('How it was given', 'issued', 'signature'),
        state: word('State', 'valid', 'expired', 'revoked'),
        createdAt: instant,
        expiresAt: instant,
        lastUsedAt: z.optional(about('Accurate to the minute.', instant)),
        isOwn: about('This request was made with it.', z.boolean()),
      }),
    ),
  ),
})
export type TokensAnswer = Named<z.infer<typeof tokensAnswer>>

export const revokedAnswer = z.looseObject({ id, receipt })
