/**
 * Servers that this process connects to: whether they are on this machine, and how the connection
 * is secured when they are not.
 */

/**
 * True when the address is reachable only from this machine: 127.0.0.0/8, ::1 and `localhost` (RFC
 * 6761 section 6.3).
 */
export function isThisMachine(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (bare === 'localhost' || bare === '::1') return true
  return /^127(\.\d{1,3}){3}$/.test(bare)
}

/** True when a PostgreSQL URL names a socket in the file system, or an address of this machine. */
export function isDatabaseHere(url: URL): boolean {
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname)
  return host === '' || host.startsWith('/') || isThisMachine(host)
}

/**
 * What a PostgreSQL URL says that would weaken the connection, as the second half of a sentence.
 * Beyond this machine, certificate and host name are always verified.
 */
export function weaknessOfDatabase(url: URL): string | undefined {
  for (const name of ['ssl', 'sslnegotiation', 'uselibpqcompat'])
    if (url.searchParams.has(name)) return `has the parameter ${name}, which is not supported`
  const mode = url.searchParams.get('sslmode')
  if (mode === null || mode === 'verify-full') return undefined
  if (mode === 'disable' && isDatabaseHere(url)) return undefined
  return `has sslmode=${mode.slice(0, 20)}, which does not verify the server`
}

/**
 * Whether a connection failed because the other side's TLS certificate was not accepted: signed by
 * a CA that is not trusted, expired, or for another host name. Codes of OpenSSL and Node.
 */
export const isUntrusted = (code: string | undefined): boolean =>
  code !== undefined && UNTRUSTED.test(code)

const UNTRUSTED =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_\w+|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERR_SSL_\w+)$/
