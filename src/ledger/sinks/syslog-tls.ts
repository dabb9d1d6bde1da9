/**
 * Syslog over TLS (RFC 5425). The protocol has no acknowledgements, and data written to a socket
 * may be lost with the connection. So each connection carries one batch followed by our
 * close_notify. A receiver sees that only after reading everything before it, and then closes the
 * connection (section 4.4). Only then does the batch count as delivered.
 *
 * A receiver that closes with unread data does not confirm the batch: its system resets the
 * connection. To detect that reset we keep our half of the TCP connection open until the end.
 *
 * This does not prove that the receiver stores what it read. Nor does it prove that the close came
 * from the receiver: rsyslog with GnuTLS sends no close_notify, so an attacker on the network could
 * swallow a batch and forge the close.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSecure } from './connection.js'
import type { Secure, SyslogTarget } from './connection.js'
import { SinkError, isTrust } from './sink-error.js'

/**
 * Sends the frames and resolves when the receiver has read them all.
 * @throws SinkError
 */
export type Send = (target: SyslogTarget, frames: AsyncIterable<Buffer>) => Promise<void>

/** Timeouts in milliseconds. */
export interface SinkTiming {
  readonly connect: number
  /** Without any byte being transferred. */
  readonly idle: number
  readonly confirm: number
  /**
   * A receiver that rejects our certificate says so right after the handshake, so nothing is sent
   * until this time has passed.
   */
  readonly refusal: number
  /**
   * Time for a reset that is still in transit after the receiver's end has arrived: one round trip.
   */
  readonly reset: number
}

const TIMING: SinkTiming = {
  connect: 10_000,
  idle: 20_000,
  confirm: 15_000,
  refusal: 200,
  reset: 200,
}

export const createSend =
  (timing: SinkTiming = TIMING): Send =>
  async (target, frames) => {
    const secure = await openSecure(target, timing.connect)
    try {
      await exchange(secure, frames, timing)
    } finally {
      secure.tls.destroy()
      secure.tcp.destroy()
    }
  }

async function exchange(
  { tls, tcp }: Secure,
  frames: AsyncIterable<Buffer>,
  timing: SinkTiming,
): Promise<void> {
  const over = watch(tls, tcp, timing.idle)
  if (await over.within(timing.refusal)) throw new SinkError('refused', over.error())
  for await (const frame of frames) {
    if (over.isSo()) break
    if (tls.write(frame)) continue
    const drained = new Promise((resolve) => tls.once('drain', resolve))
    await Promise.race([drained, over.promise])
  }
  // The receiver closed before we did, so it has not read everything.
  if (over.isSo()) throw failureOf(over.error())
  tls.end()
  if (!(await over.within(timing.confirm))) throw new SinkError('unconfirmed')
  if (over.error() !== undefined) throw failureOf(over.error())
  await sleep(timing.reset)
  // Writing fails on a connection that was reset. On one that was read to its end, the extra byte
  // is ignored.
  const reset = await new Promise<unknown>((resolve) => tcp.write(Buffer.of(0), resolve))
  if (reset instanceof Error || over.error() !== undefined) throw failureOf(over.error() ?? reset)
}

const failureOf = (error: unknown): SinkError =>
  new SinkError(isTrust(error) ? 'refused' : 'unreachable', error)

interface Over {
  /** Settles when the receiver has closed the TCP connection, or the connection failed. */
  readonly promise: Promise<void>
  isSo(): boolean
  /** Undefined when it was closed in good order. */
  error(): unknown
  /** Whether the connection ends within that time. */
  within(ms: number): Promise<boolean>
}

function watch(tls: TLSSocket, tcp: Socket, idleMs: number): Over {
  let isOver = false
  let failure: unknown
  const promise = new Promise<void>((resolve) => {
    const end = (error?: unknown) => {
      failure ??= error
      isOver = true
      resolve()
    }
    tls.on('error', end)
    tcp.on('error', end)
    tcp.once('end', () => end())
    tcp.once('close', () => end())
    tcp.setTimeout(idleMs, () => tcp.destroy(new Error('no byte went on')))
  })
  // Incoming data is read and discarded; otherwise the end of the connection would never be seen.
  tls.resume()
  return {
    promise,
    isSo: () => isOver,
    error: () => failure,
    within: async (ms) => {
      const stop = new AbortController()
      const waited = sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined)
      await Promise.race([promise, waited])
      stop.abort()
      return isOver
    },
  }
}
