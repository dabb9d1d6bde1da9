/** The octets of a request, with a minimum pace. */
import type { Readable } from 'node:stream'
import { NocturneError } from '../../lib/errors.js'
import { ClientPace } from '../client-pace.js'

/** A client that sends less than this in the time given counts as silent. */
const LEAST_BYTES = 8 * 1024

/**
 * Reads the octets of a request on demand. Time runs only while we wait for the client.
 *
 * @param slowestBytes - per second, on average over the request
 * @throws NocturneError `slow_client`, or `broken_multipart` when the client disconnects.
 */
export async function* paced(
  octets: Readable,
  idleMs: number,
  slowestBytes = 0,
): AsyncGenerator<Buffer, void> {
  const pace = new ClientPace(slowestBytes)
  const source = octets.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>
  let left = idleMs
  let received = 0
  for (;;) {
    const began = performance.now()
    const next = await within(source.next(), left)
    if (next.done === true) return
    received += next.value.length
    pace.received(next.value.length, performance.now() - began)
    if (pace.isTooSlow) throw new NocturneError('slow_client')
    left = received >= LEAST_BYTES ? idleMs : left - (performance.now() - began)
    if (received >= LEAST_BYTES) received = 0
    yield next.value
  }
}

async function within<T>(step: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NocturneError('slow_client')), ms)
  })
  try {
    return await Promise.race([step, late])
  } catch (error) {
    if (error instanceof NocturneError) throw error
    throw new NocturneError('broken_multipart', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
