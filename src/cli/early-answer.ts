import type { Socket } from 'node:net'
import { systemCode } from '../lib/errors.js'

const seen = new WeakSet<Socket>()
const BROKEN: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED'])

/**
 * A gateway that refuses an upload answers and closes while we are still writing. The answer is
 * then in the system's receive buffer, but Node destroys a socket at the first failed write and
 * discards unread data. Here the failed write is left pending instead: the reading side ends the
 * connection a moment later, with the answer or, if there is none, with the same error.
 */
export function readBeforeFailing(socket: Socket): void {
  // A keep-alive connection gets here once per request.
  if (seen.has(socket)) return
  seen.add(socket)
  const write = socket._write.bind(socket)
  socket._write = (chunk, encoding, callback) => write(chunk, encoding, unlessBroken(callback))
  const writev = socket._writev?.bind(socket)
  if (writev) socket._writev = (chunks, callback) => writev(chunks, unlessBroken(callback))
}

const unlessBroken =
  (callback: (error?: Error | null) => void) =>
  (error?: Error | null): void => {
    if (!BROKEN.has(systemCode(error))) callback(error)
  }
