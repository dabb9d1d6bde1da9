/**
 * Proxies, sign-in pages and untrusted certificates that answer in place of the gateway or block
 * the connection to it. Each has its own code and hint.
 */
import { connect } from 'node:tls'
import { CATALOGUE, systemCode } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
import { CommandError } from './command-error.js'

/** An answer from elsewhere: whether the gateway carried out the request is unknown. */
export class FrontError extends CommandError {
  readonly status: number

  constructor(status: number, code: Code, about: string) {
    const { title, hint } = CATALOGUE[code]
    super(about === '' ? title : `${title} (${about})`, { code, hint })
    this.status = status
  }
}

const BY_STATUS: Readonly<Record<number, Code>> = {
  407: 'front_sign_in',
  413: 'front_too_large',
  502: 'front_no_gateway',
  503: 'front_no_gateway',
  504: 'front_timeout',
  511: 'front_sign_in',
}
const PLAIN_TO_TLS = /plain HTTP request was sent to HTTPS|requires TLS|speaking plain HTTP/i

/** @param location - of a redirect */
export function frontError(
  url: URL,
  status: number,
  location: string | undefined,
  text: string,
): CommandError {
  if (status === 400 && PLAIN_TO_TLS.test(text))
    return new FrontError(status, 'front_wants_tls', '')
  if (status >= 300 && status < 400) {
    const to = originOf(location, url)
    const wantsTls = url.protocol === 'http:' && to === `https://${url.hostname}`
    return new FrontError(
      status,
      wantsTls ? 'front_wants_tls' : 'front_redirects',
      to === undefined ? String(status) : `${String(status)} to ${to}`,
    )
  }
  return new FrontError(status, BY_STATUS[status] ?? 'front_not_a_gateway', String(status))
}

/** A success whose body is not JSON, such as the sign-in page of a network or a portal. */
export const webPageError = (status: number): CommandError =>
  new FrontError(status, 'front_web_page', '')

/** Only its origin is shown: an address may hold anything. */
function originOf(location: string | undefined, base: URL): string | undefined {
  if (location === undefined || !URL.canParse(location, base.href)) return undefined
  const { origin } = new URL(location, base)
  return origin === 'null' ? undefined : origin.slice(0, 200)
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'CERT_REJECTED',
])
const NOT_TLS = /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL))$/

/** Failures that retrying cannot correct. */
export const LASTING: ReadonlySet<string> = new Set<Code>([
  'tls_untrusted',
  'tls_other_name',
  'tls_expired',
  'tls_refused',
  'front_speaks_plain',
  'front_wants_tls',
  'gateway_name_unknown',
  'answer_lost',
])

/** The code of a connection that failed, and what may be said about it. */
export async function connectionCode(
  url: URL,
  error: unknown,
): Promise<{ readonly code: Code; readonly about: string | undefined }> {
  const system = systemCode(error)
  const found = (code: Code, about = system) => ({ code, about })
  if (system === undefined) return found('gateway_unreachable')
  if (UNTRUSTED.has(system)) return found('tls_untrusted')
  if (system === 'ERR_TLS_CERT_ALTNAME_INVALID') return found('tls_other_name', namesOf(error))
  if (system === 'CERT_HAS_EXPIRED' || system === 'CERT_NOT_YET_VALID') return found('tls_expired')
  if (system === 'ENOTFOUND') return found('gateway_name_unknown')
  if (url.protocol === 'https:' && NOT_TLS.test(system)) return found('front_speaks_plain')
  if (url.protocol === 'https:' && system.startsWith('ERR_SSL_')) return found('tls_refused')
  const isCut = system === 'ECONNRESET' || system === 'EPIPE' || system.startsWith('HPE_')
  if (url.protocol === 'http:' && isCut && (await speaksTls(url))) return found('front_wants_tls')
  return found('gateway_unreachable')
}

/** The names in the certificate, none of which matches the address. */
function namesOf(error: unknown): string | undefined {
  const { cert } = error as { cert?: { subjectaltname?: unknown } }
  if (typeof cert?.subjectaltname !== 'string') return undefined
  const names = cert.subjectaltname.split(', ').map((one) => one.replace(/^(DNS|IP Address):/, ''))
  return `it names ${names.slice(0, 3).join(', ').slice(0, 200)}`
}

const PROBE_MS = 3_000

/** A probe over an untrusted connection: no data is sent. */
function speaksTls(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = Number(url.port === '' ? 80 : url.port)
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: PROBE_MS })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('secureConnect', end(true))
    socket.once('timeout', end(false))
    socket.once('error', end(false))
    socket.once('close', end(false))
  })
}
