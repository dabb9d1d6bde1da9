/** What a client finds that connects to the gateway: its TLS, and whether it lets anybody in. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { SystemFacts } from '../facts.js'

type Endpoint = NonNullable<SystemFacts['endpoint']>

const TIMEOUT_MS = 5_000

/**
 * Certificates are looked at, not trusted: nothing that matters is sent. @throws Error when nobody
 * answers
 *
 * @param url - the gateway's origin.
 */
export async function probeEndpoint(url: string): Promise<Endpoint> {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const isTls = protocol === 'https:'
  const refusesAnonymous = (await statusOf(new URL('/v1/transfers', url))) === 401
  if (!isTls)
    return {
      ...{ isTls, protocol: undefined, cipher: undefined, takesOldTls: false },
      ...{ certificateUntil: undefined, refusesAnonymous },
    }
  const at = { host, port: port === '' ? 443 : Number(port) }
  const seen = await handshake(at, { minVersion: 'TLSv1.2' }, (socket) => ({
    protocol: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher().name,
    until: Date.parse(socket.getPeerCertificate().valid_to),
  }))
  // OpenSSL itself offers nothing that old at its usual level of security.
  const old = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  } as const
  const takesOldTls = await handshake(at, old, () => true).catch(() => false)
  return {
    ...{ isTls, protocol: seen.protocol, cipher: seen.cipher, takesOldTls, refusesAnonymous },
    certificateUntil: Number.isFinite(seen.until) ? seen.until : undefined,
  }
}

function handshake<T>(
  at: { readonly host: string; readonly port: number },
  options: ConnectionOptions,
  look: (socket: TLSSocket) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, ...at, rejectUnauthorized: false })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(look(socket))
      socket.destroy()
    })
  })
}

function statusOf(url: URL): Promise<number | undefined> {
  const options = { method: 'GET', rejectUnauthorized: false, timeout: TIMEOUT_MS }
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(url, options, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.once('timeout', () => request.destroy(new Error('no answer')))
    request.once('error', reject)
    request.end()
  })
}
