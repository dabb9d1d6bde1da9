/** The HTTP server: TLS, timeouts, and answers to requests that cannot be parsed. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer as createHttpsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SiteConfig } from '../config/index.js'
import { CATALOGUE, NocturneError, systemCode } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
import { acceptMore, acceptNoMore } from '../lib/net/accept-more.js'
import { addressList } from '../lib/net/networks.js'
import { Connections, dropWaiting } from './clients/connections.js'
import { expectProxyHeaders } from './proxies.js'
import { problemType } from '../protocol/http/problem.js'

const OPTIONS: ServerOptions = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  // An upload may take hours as long as bytes keep arriving; the upload itself watches for silence.
  requestTimeout: 0,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  insecureHTTPParser: false,
  noDelay: true,
}

/** Without TLS and limits by address: for a listener that only the operator reaches. */
export const createPlainServer = (listener: RequestListener): Server =>
  createHttpServer(OPTIONS, listener)

/** Ciphers of TLS 1.2 with forward secrecy and authenticated encryption; TLS 1.3 has no others. */
const FORWARD_SECRET = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')
const TLS_1_3 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'

const TLS_OPTIONS = {
  minVersion: 'TLSv1.2',
  ciphers: `${TLS_1_3}:${FORWARD_SECRET}`,
  honorCipherOrder: true,
} as const

const RENEWED_CHECK_MS = 30_000

export async function createServer(config: SiteConfig, handler: RequestListener): Promise<Server> {
  const { proxies } = config
  const isTrusted = addressList(proxies?.trusted ?? [])
  const connections = new Connections({
    perAddress: config.limits.connectionsPerAddress,
    ...(proxies?.protocol === 'forwarded' && { isProxy: isTrusted }),
  })
  const listener: RequestListener = (request, response) => {
    connections.busy(request, response)
    // Whatever asks for the address of the client then reads what a trusted proxy said of it.
    connections.name(request.socket)
    handler(request, response)
  }
  const { tls } = config.gateway
  const server = tls
    ? createHttpsServer(
        {
          ...OPTIONS,
          ...(await readPair(tls)),
          ...TLS_OPTIONS,
          // Any certificate will do here: access compares it with what it is bound to.
          requestCert: tls.clientCertificates,
          rejectUnauthorized: false,
          handshakeTimeout: 10_000,
        },
        listener,
      )
    : createHttpServer(OPTIONS, listener)
  if (tls && server instanceof TlsServer) followRenewal(server, tls)
  connections.watch(server)
  if (proxies?.protocol === 'proxy')
    expectProxyHeaders(server, isTrusted, (socket, address) => connections.rename(socket, address))
  server.maxRequestsPerSocket = 0
  server.on('clientError', answerClientError)
  return server
}

type TlsFiles = NonNullable<SiteConfig['gateway']['tls']>

const readPair = async ({ cert, key }: TlsFiles) => ({
  cert: await readFile(cert),
  key: await readFile(key),
})

/**
 * A certificate that was renewed is served to new connections without a restart. A pair that does
 * not fit, as between the writing of two files, is tried again.
 */
function followRenewal(server: TlsServer, tls: TlsFiles): void {
  let served: string | undefined
  const look = async (): Promise<void> => {
    const pair = await readPair(tls)
    const digest = createHash('sha256').update(pair.cert).update(pair.key).digest('hex')
    served ??= digest
    if (digest === served) return
    server.setSecureContext({ ...pair, ...TLS_OPTIONS })
    served = digest
  }
  const timer = setInterval(() => void look().catch(() => undefined), RENEWED_CHECK_MS).unref()
  server.once('close', () => clearInterval(timer))
  void look().catch(() => undefined)
}

/** For the answer to a request that never was one to be read. */
const CLIENT_ERROR_GRACE_MS = 1_000

/**
 * Answers requests that the parser rejects: there is no request object to respond to, only a
 * socket.
 */
function answerClientError(error: Error, socket: Socket): void {
  if (!socket.writable || systemCode(error) === 'ECONNRESET') {
    socket.destroy()
    return
  }
  // A client that never reads the answer, or never closes, must not keep the descriptor.
  const late = setTimeout(() => socket.destroy(), CLIENT_ERROR_GRACE_MS)
  socket.once('close', () => clearTimeout(late))
  const code = codeOf(systemCode(error))
  const { status, title, hint } = CATALOGUE[code]
  const body = JSON.stringify({ type: problemType(code), title, status, code, hint })
  socket.end(
    `HTTP/1.1 ${status} ${status === 408 ? 'Request Timeout' : 'Bad Request'}\r\n` +
      'Content-Type: application/problem+json\r\nConnection: close\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function codeOf(system: string | undefined): Code {
  if (system === 'HPE_HEADER_OVERFLOW') return 'header_too_large'
  if (system === 'ERR_HTTP_REQUEST_TIMEOUT') return 'slow_client'
  return 'bad_request'
}

/**
 * Connections that the system completes before they are accepted. Beyond, it drops them, and a
 * client tries again after a second at the earliest: a burst of strangers would delay all others.
 * The system's own bound (net.core.somaxconn) is the same.
 */
const BACKLOG = 4_096

/** @throws NocturneError `usage` when it cannot listen there */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const subject =
        systemCode(error) === 'EADDRINUSE'
          ? 'the port is already in use'
          : 'cannot listen on this address'
      reject(new NocturneError('usage', { cause: error, subject }))
    })
    server.listen({ port, host, backlog: BACKLOG }, resolve)
  })
  return server.address() as AddressInfo
}

/** Several connections per turn, so that floods of them do not delay those of others. */
export const listenMore = (server: Server): void =>
  acceptMore(server, {
    connection: { noDelay: true, allowHalfOpen: !(server instanceof TlsServer) },
    backlog: BACKLOG,
  })

/** Stops accepting requests, and gives those in progress at most `graceMs`. */
export async function stop(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return
  await acceptNoMore(server)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  dropWaiting(server)
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(late)
}
