import { NocturneError } from '../lib/errors.js'
import type { Directory } from '../directory/index.js'
import type { Session } from './session.js'
import type { Tokens } from './tokens.js'

/**
 * Returns the session to which this `Authorization` header belongs.
 *
 * @throws NocturneError `unauthenticated`
 */
export type Authenticate = (authorization: string | undefined) => Promise<Session>

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
}): Authenticate {
  const { tokens, directory } = parts
  return async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1] ?? ''
    const info = await tokens.verify(token)
    const principal = info && directory.principal(info.principal)
    if (!principal || (await directory.isRevoked(principal)))
      throw new NocturneError('unauthenticated')
    return {
      principal,
      token: info.id,
      method: info.method === 'signature' ? 'signature' : 'token',
      expiresAt: info.expiresAt,
    } as Session
  }
}
