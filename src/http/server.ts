/** The HTTP server: TLS, timeouts, and responses to requests that cannot be parsed. */
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SiteConfig } from '../config/index.js'
import { CATALOGUE, NocturneError, systemCode } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
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

export async function createServer(config: SiteConfig, listener: RequestListener): Promise<Server> {
  const { tls } = config.gateway
  const server = tls
    ? createHttpsServer(
        {
          ...OPTIONS,
          cert: await readFile(tls.cert),
          key: await readFile(tls.key),
          minVersion: 'TLSv1.2',
        },
        listener,
      )
    : createHttpServer(OPTIONS, listener)
  server.maxRequestsPerSocket = 0
  server.on('clientError', answerClientError)
  return server
}

/**
 * Answers requests that the parser rejects: there is no request object to respond to, only a
 * socket.
 */
function answerClientError(error: Error, socket: Socket): void {
  if (!socket.writable || systemCode(error) === 'ECONNRESET') {
    socket.destroy()
    return
  }
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
    server.listen(port, host, resolve)
  })
  return server.address() as AddressInfo
}

/** Stops accepting requests, and gives those in progress at most `graceMs`. */
export async function stop(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(late)
}
