import { NocturneError } from '../lib/errors.js'
import type { Directory } from '../directory/index.js'
import type { Session } from './session.js'
import type { Tokens } from './tokens.js'

/** The certificate with which a client authenticated in the TLS handshake. */
export interface ClientCertificate {
  /** SHA-256 of the certificate, lower-case hexadecimal (the thumbprint of RFC 8705). */
  readonly sha256: string
  /** Milliseconds since 1970. */
  readonly validFrom: number
  readonly validTo: number
}

/**
 * Returns the session to which this `Authorization` header belongs. No authority is consulted for
 * the certificate: a facility or a token is bound to this one, and the handshake proved its key.
 *
 * @throws NocturneError `unauthenticated`; `client_certificate_required` for a facility that is
 *   bound to certificates, none of which was used
 */
export type Authenticate = (
  authorization: string | undefined,
  certificate?: ClientCertificate,
) => Promise<Session>

/**
 * RFC 6750 section 2.1, with a length limit; the scheme name is case-insensitive (RFC 9110 section
 * 11.1).
 */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]{1,256}=*)$/i

/**
 * Creates the check of every request. The role and groups are the current ones from the
 * directory, not those at the time the token was issued; a principal no longer in the directory has
 * no session.
 */
export function createAuthenticate(parts: {
  readonly tokens: Pick<Tokens, 'verify'>
  readonly directory: Pick<Directory, 'principal' | 'isRevoked'>
  /** Called when a request came with the certificate that it must come with. */
  readonly noteCertificate: (principal: string, certificate: ClientCertificate) => void
  /** SHA-256 of the certificates that a facility's requests must come with; empty for any. */
  readonly certificatesOf: (facility: string) => readonly string[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}): Authenticate {
  const { tokens, directory, certificatesOf, noteCertificate, now } = parts
  return async (authorization, given) => {
    const isValid = given && given.validFrom <= now() && now() < given.validTo
    const certificate = isValid ? given.sha256 : undefined
    const token = BEARER.exec(authorization ?? '')?.[1] ?? ''
    const info = await tokens.verify(token, certificate)
    const principal = info && directory.principal(info.principal)
    if (!principal || (await directory.isRevoked(principal)))
      throw new NocturneError('unauthenticated')
    const { facility } = principal
    const bound = facility === undefined ? [] : certificatesOf(facility)
    if (bound.length > 0 && (certificate === undefined || !bound.includes(certificate)))
      throw new NocturneError('client_certificate_required')
    if (isValid && (bound.length > 0 || info.isBound)) noteCertificate(principal.id, given)
    return {
      principal,
      token: info.id,
      method: info.method === 'signature' ? 'signature' : 'token',
      expiresAt: info.expiresAt,
    } as Session
  }
}
