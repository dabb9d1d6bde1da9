/**
 * Who may ask: only programs of this machine that were given the token, and only pages whose origin
 * is allowed. A page from elsewhere cannot read an answer, and a name that somebody else points at
 * this machine (DNS rebinding) is not served.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Guard {
  readonly token: string
  readonly port: number
  /** Origins of pages that may ask, such as `http://localhost:3000`. */
  readonly origins: readonly string[]
}

/**
 * Sets the headers that every answer has. Undefined when the request may be answered; otherwise the
 * status that refuses it, or answers a preflight request.
 */
export function refusal(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
): 204 | 401 | 403 | 405 | undefined {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
  response.setHeader('Vary', 'Origin')
  const { host, origin, authorization } = request.headers
  if (!hostsOf(guard.port).includes(host ?? '')) return 403
  if (origin !== undefined) {
    if (!guard.origins.includes(origin)) return 403
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Expose-Headers', 'Content-Type, Content-Length')
    if (request.method === 'OPTIONS') {
      response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD')
      response.setHeader('Access-Control-Allow-Headers', 'Authorization, Accept, Content-Type')
      response.setHeader('Access-Control-Allow-Private-Network', 'true')
      response.setHeader('Access-Control-Max-Age', '600')
      return 204
    }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return 405
  const given = /^Bearer ([\w-]{1,100})$/i.exec(authorization ?? '')?.[1] ?? ''
  if (timingSafeEqual(digest(given), digest(guard.token))) return undefined
  response.setHeader('WWW-Authenticate', 'Bearer')
  return 401
}

const hostsOf = (port: number): readonly string[] =>
  ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
