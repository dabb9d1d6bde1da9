/** Opens tokens, sign-in, the readiness check of a key, and the gatekeeper. */
import { createAuthenticate, createGatekeeper, createTokens } from '../access/index.js'
import type { Gatekeeper, Tokens } from '../access/index.js'
import { createKeyChecks, createSignIn } from '../access/sign-in/index.js'
import type { KeyChecks, SignIn } from '../access/sign-in/index.js'
import { sealBytes } from '../seal/index.js'
import type { Ground, Opened } from './ground.js'
import type { ReadingRooms } from './reading.js'
import type { RecordRooms } from './records.js'

export interface AskingRooms {
  readonly tokens: Tokens
  readonly gatekeeper: Gatekeeper
  readonly signIn: SignIn
  readonly keyChecks: KeyChecks
}

export function openAsking(
  { site, state, ledger, guard, keys, origin, secret, now }: Ground,
  { directory, clientCertificates }: Pick<RecordRooms, 'directory' | 'clientCertificates'>,
  { transfers, cases }: Pick<ReadingRooms, 'transfers' | 'cases'>,
  opened: Opened,
): AskingRooms {
  const sessionIdleMs = site.config.limits.sessionIdleSeconds * 1_000
  const certificates = new Map(
    site.config.facilities.map((one) => [one.id, one.clientCertificates ?? []]),
  )
  const tokens = opened.keep(createTokens({ state, ledger, guard, sessionIdleMs, now }))
  return {
    tokens,
    gatekeeper: createGatekeeper({
      ...{ directory, transfers, cases, ledger, now },
      authenticate: createAuthenticate({
        ...{ tokens, directory, now },
        noteCertificate: (principal, shown) => clientCertificates.note(principal, shown),
        certificatesOf: (facility) => certificates.get(facility) ?? [],
      }),
      failuresPerMinute: site.config.limits.failuresPerMinute,
    }),
    signIn: createSignIn({
      ...{ ledger, directory, tokens, origin, secret, now },
      verifyDetached: keys.verifyDetached,
    }),
    keyChecks: createKeyChecks({
      ...{ ledger, origin, secret, now },
      recipientOf: ({ id, certificate }) => keys.toRecipient(id, certificate),
      sealBytes: (content, recipient) => sealBytes(content, recipient, new Date(now())),
      verifyDetached: keys.verifyDetached,
    }),
  }
}
