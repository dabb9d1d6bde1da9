/**
 * Syslog over TLS (RFC 5425). The protocol has no acknowledgement, and what was written to a socket
 * may be lost with the connection. So every connection carries one batch, and behind it our
 * close_notify. A receiver sees that only when it has read all that came before, and closes the
 * connection (section 4.4). Only then does the batch count as taken.
 *
 * One that closes with bytes of ours unread does not confirm them: its system resets the
 * connection. To see that reset we keep our own half of the TCP connection open until the end.
 *
 * What this cannot show: that the receiver keeps what it read; and that the end is its own, since
 * rsyslog with GnuTLS sends no close_notify back: who sits on the way could swallow a batch and
 * make up the end.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSecure } from './connection.js'
import type { Secure, SyslogTarget } from './connection.js'
import { SinkError, isTrust } from './sink-error.js'

/** Sends the frames, and resolves when the receiver has read them all. @throws SinkError */
export type Send = (target: SyslogTarget, frames: AsyncIterable<Buffer>) => Promise<void>

/** How long is waited for what, in milliseconds. */
export interface SinkTiming {
  readonly connect: number
  /** Without a byte getting on. */
  readonly idle: number
  readonly confirm: number
  /**
   * A receiver that does not take our certificate says so right after the handshake: before that
   * nothing is sent.
   */
  readonly refusal: number
  /** For a reset that is on its way while the receiver's end has arrived: a round trip. */
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
  // Its end before ours: it has not read all of it, and never will.
  if (over.isSo()) throw failureOf(over.error())
  tls.end()
  if (!(await over.within(timing.confirm))) throw new SinkError('unconfirmed')
  if (over.error() !== undefined) throw failureOf(over.error())
  await sleep(timing.reset)
  // On a connection that was reset this fails; on one that was read to its end nobody looks at it.
  const reset = await new Promise<unknown>((resolve) => tcp.write(Buffer.of(0), resolve))
  if (reset instanceof Error || over.error() !== undefined) throw failureOf(over.error() ?? reset)
}

const failureOf = (error: unknown): SinkError =>
  new SinkError(isTrust(error) ? 'refused' : 'unreachable', error)

interface Over {
  /** Settles when the receiver has closed the TCP connection, or it failed. */
  readonly promise: Promise<void>
  isSo(): boolean
  /** Undefined when it was closed in good order. */
  error(): unknown
  /** Whether it came to its end within that time. */
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
  // What a receiver says is read and thrown away, or its end would never be seen.
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
