/**
 * Probes the gateway as a client sees it: its TLS settings, and whether it refuses anonymous
 * requests.
 */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { SystemFacts } from '../facts.js'

type Endpoint = NonNullable<SystemFacts['endpoint']>

const TIMEOUT_MS = 5_000

/**
 * The certificate is examined but not trusted, because nothing confidential is sent.
 *
 * @param url the gateway's origin
 * @throws Error when there is no answer
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
  const { until, ...seen } = await tlsOf({ host, port: port === '' ? 443 : Number(port) })
  return {
    ...{ isTls, ...seen, refusesAnonymous },
    certificateUntil: Number.isFinite(until) ? until : undefined,
  }
}

/**
 * What a TLS handshake shows.
 *
 * @throws Error when there is none
 */
export async function tlsOf(at: { readonly host: string; readonly port: number }): Promise<{
  readonly protocol: string | undefined
  readonly cipher: string
  readonly until: number
  readonly takesOldTls: boolean
}> {
  const seen = await handshake(at, { minVersion: 'TLSv1.2' }, (socket) => ({
    protocol: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher().name,
    until: Date.parse(socket.getPeerCertificate().valid_to),
  }))
  // At its default security level OpenSSL would not even offer versions this old.
  const old = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  } as const
  const takesOldTls = await handshake(at, old, () => true).catch(() => false)
  return { ...seen, takesOldTls }
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
