/** Ends requests whose client keeps them open: slow bodies, and answers that nobody reads. */
import type { Request, RequestHandler, Response } from 'express'
import type { Limits } from '../../config/index.js'
import { NocturneError } from '../../lib/errors.js'
import { sendProblem } from '../problem.js'

/** Everything but uploads is small: the largest body has 8 MB. */
const BODY_MS = 60_000
/** After an answer that came before the end of the body, for the client to read it. */
const GRACE_MS = 30_000

/** Uploads, whose doors bound the pace themselves. */
const isStreamed = ({ headers }: Request): boolean =>
  /^(?:multipart\/|application\/(?:dicom|octet-stream))/i.test(headers['content-type'] ?? '')

/**
 * A body must be there within a minute, and one that was answered before its end, such as a refused
 * upload, is not read for long: the connection is closed.
 */
export const endSlowBodies =
  ({ graceMs = GRACE_MS } = {}): RequestHandler =>
  (request, response, next) => {
    const end = (): void => {
      // Once the rest of the body is there, the connection is used for further requests.
      if (!request.complete) request.socket.destroy()
    }
    const late = isStreamed(request)
      ? undefined
      : setTimeout(() => {
          if (request.complete) return
          if (response.headersSent) end()
          else sendProblem(response.set('Connection', 'close'), new NocturneError('slow_client'))
        }, BODY_MS).unref()
    response.once('close', () => {
      clearTimeout(late)
      if (!request.complete) setTimeout(end, graceMs).unref()
    })
    next()
  }

/**
 * A client that stops reading its answer, or reads less than the least on average, keeps an object
 * of the store open, so it is disconnected like a silent sender.
 */
export const endSlowReaders =
  ({ idleSeconds, slowestBytes }: Pick<Limits, 'idleSeconds' | 'slowestBytes'>): RequestHandler =>
  (_request, response, next) => {
    response.setTimeout(idleSeconds * 1_000, () => {
      // If nothing is waiting to be sent, the delay is ours and not the client's.
      if (response.writableLength > 0) response.destroy()
    })
    const least = idleSeconds * slowestBytes
    let before = { sent: sentOf(response), isWaiting: false }
    const look = setInterval(() => {
      const sent = sentOf(response)
      if (before.isWaiting && sent - before.sent < least) response.destroy()
      before = { sent, isWaiting: response.writableLength > 0 }
    }, idleSeconds * 1_000).unref()
    response.once('close', () => clearInterval(look))
    next()
  }

/** Bytes that left this process. */
const sentOf = ({ socket }: Response): number =>
  socket ? socket.bytesWritten - socket.writableLength : 0
