/** Writes the body of a request. */
import type { Writable } from 'node:stream'

/**
 * Resolves once the bytes have been handed over, or when nobody accepts them any more. Never
 * rejects: the request itself reports the reason.
 */
export function write(request: Writable, bytes: Uint8Array, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted || request.destroyed) {
      resolve()
      return
    }
    const done = () => {
      stopped.removeEventListener('abort', done)
      resolve()
    }
    stopped.addEventListener('abort', done)
    request.write(bytes, done)
  })
}
