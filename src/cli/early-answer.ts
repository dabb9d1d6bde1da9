import type { Socket } from 'node:net'
import { systemCode } from '../lib/errors.js'

const seen = new WeakSet<Socket>()
const BROKEN: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED'])

/**
 * A gateway that refuses an upload answers and closes while we still write. The answer is in the
 * system's receive buffer then, but Node destroys a socket at the first write that fails, and with
 * it what was not read yet. Here such a write stays unanswered instead: the reading side ends the
 * connection a moment later, with the answer, or with the same error when there is none.
 */
export function readBeforeFailing(socket: Socket): void {
  // A connection that is kept alive comes here once for each request.
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
