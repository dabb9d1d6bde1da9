/** Errors as clients see them: application/problem+json (RFC 9457). */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { RateLimitedError } from '../access/index.js'
import { CATALOGUE, NocturneError, asNocturneError } from '../lib/errors.js'
import type { Json } from '../lib/json.js'
import { problemType } from '../protocol/http/problem.js'
import { describeUnexpected } from '../lib/logger.js'
import type { Logger } from '../lib/logger.js'
import { untilEven } from './even-answer.js'
import { arrivedAt, requestIdOf } from './request.js'

/** Seconds after which a client may retry. */
const RETRY_AFTER: Partial<Record<NocturneError['code'], number>> = {
  ledger_unavailable: 10,
  database_unavailable: 10,
  database_unusable: 60,
  store_unavailable: 10,
  store_full: 60,
  spool_full: 60,
  gateway_opening: 10,
  too_busy: 5,
  quota_reached: 3_600,
}

/** Sets the headers of an error, whatever the format of its body. */
export function setErrorHeaders(response: Response, { code }: NocturneError): void {
  const retryAfter = RETRY_AFTER[code]
  if (retryAfter !== undefined && !response.hasHeader('Retry-After')) {
    response.set('Retry-After', String(retryAfter))
  }
  if (code === 'unauthenticated') response.set('WWW-Authenticate', 'Bearer')
}

/**
 * Adds members to those of RFC 9457: `code`, `hint`, `requestId`, where useful `field` and
 * `subject`, and those in `extra`.
 */
export function sendProblem(
  response: Response,
  error: NocturneError,
  extra: Record<string, Json> = {},
): void {
  const { status, hint } = CATALOGUE[error.code]
  setErrorHeaders(response, error)
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: problemType(error.code),
        title: error.message,
        status,
        code: error.code,
        hint,
        ...(error.field !== undefined && { field: error.field }),
        ...(error.subject !== undefined && { subject: error.subject }),
        requestId: requestIdOf(response),
        ...extra,
      }),
    )
}

/**
 * The last handler of the application, or of a part that has its own error format. An answer that
 * has begun can only be cut off.
 */
export function problemHandler(
  logger: Logger,
  send: (response: Response, error: NocturneError) => void = sendProblem,
): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = asNocturneError(fromExpress(thrown))
    if (error.code === 'internal') {
      logger.error('unexpected error', {
        requestId: requestIdOf(response),
        ...describeUnexpected(error),
      })
    }
    if (response.headersSent) {
      response.destroy()
      return
    }
    // A client that has disconnected cannot read the answer.
    if (!request.complete && !request.destroyed) linger(request)
    if (error instanceof RateLimitedError) response.set('Retry-After', String(error.retryAfter))
    const arrived = arrivedAt(response)
    if (error.code !== 'not_found' || arrived === undefined) send(response, error)
    else void untilEven(arrived).then(() => send(response, error))
  }
}

export const notFoundHandler: RequestHandler = () => {
  throw new NocturneError('not_found')
}

/**
 * How long, and how many bytes, the gateway keeps reading a body after an error, so that the sender
 * can read the answer.
 */
const LINGER_MS = 10_000
const LINGER_BYTES = 256 << 20

/**
 * If a connection is closed while the client is still writing, it is reset and the answer is
 * lost. The rest of the request is therefore read and discarded, within bounds, and then the
 * connection is closed.
 */
function linger(request: Request): void {
  const { socket } = request
  let left = LINGER_BYTES
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  request.once('close', () => clearTimeout(timer))
  request.on('error', () => undefined)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) socket.destroy()
  })
  request.resume()
}

/**
 * Express and its body parser throw errors with a status; a status below 500 is the client's fault.
 */
function fromExpress(thrown: unknown): unknown {
  if (thrown instanceof NocturneError || !(thrown instanceof Error)) return thrown
  const status = 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 500
  return status >= 400 && status < 500
    ? new NocturneError('bad_request', { cause: thrown })
    : thrown
}
