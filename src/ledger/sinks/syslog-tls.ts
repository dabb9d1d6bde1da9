/**
 * Syslog over TLS (RFC 5425). The protocol has no acknowledgement, and what was written to a socket may be lost with the
 * connection. So every connection carries one batch and is then closed for writing: a receiver sees the end only behind
 * all that came before it, and answers by closing too. Only then does the batch count as taken.
 *
 * What this cannot show: that the receiver keeps what it read. A syslog server with a queue in memory loses it when killed.
 */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { systemCode } from '../../lib/errors.js'

export interface SyslogTarget {
  readonly host: string
  readonly port: number
  /** Absolute paths of PEM files, read anew for each connection, so that renewed ones are taken. */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

/**
 * unreachable: nobody answers, or no longer. refused: one of us does not trust the other. unconfirmed: it took the
 * bytes and did not close the connection when we did, so that nobody knows what it has read.
 */
export type SinkProblem = 'unreachable' | 'refused' | 'unconfirmed'

export class SinkError extends Error {
  override readonly name = 'SinkError'
  readonly problem: SinkProblem
  /** The system's or OpenSSL's code, when there is one: for the operator. */
  readonly system: string | undefined

  constructor(problem: SinkProblem, cause?: unknown) {
    super(problem)
    this.problem = problem
    this.system = systemCode(cause)
  }
}

/** Sends the frames, and resolves when the receiver has read them all. @throws SinkError */
export type Send = (target: SyslogTarget, frames: AsyncIterable<Buffer>) => Promise<void>

/** How long is waited for what, in milliseconds. */
export interface SinkTiming {
  readonly connect: number
  /** Without a byte getting on. */
  readonly idle: number
  readonly confirm: number
  /**
   * A receiver that turns our certificate away closes right after the handshake, which looks like a confirmation of what
   * we had sent by then. So nothing is sent so soon.
   */
  readonly refusal: number
}

const TIMING: SinkTiming = { connect: 10_000, idle: 20_000, confirm: 15_000, refusal: 300 }

export const createSend =
  (timing: SinkTiming = TIMING): Send =>
  (target, frames) =>
    sendOverTls(target, frames, timing)

async function sendOverTls(
  target: SyslogTarget,
  frames: AsyncIterable<Buffer>,
  timing: SinkTiming,
): Promise<void> {
  const socket = await open(target, timing.connect)
  const over = watch(socket, timing.idle)
  try {
    if (await over.within(timing.refusal)) throw new SinkError('refused', over.error())
    for await (const frame of frames) {
      if (socket.write(frame)) continue
      const drained = new Promise((resolve) => socket.once('drain', resolve))
      await Promise.race([drained, over.promise])
      if (over.isSo()) throw new SinkError('unreachable', over.error())
    }
    if (over.isSo()) throw new SinkError('unreachable', over.error())
    socket.end()
    if (!(await over.within(timing.confirm))) throw new SinkError('unconfirmed')
    const error = over.error()
    if (error) throw new SinkError(isTrust(error) ? 'refused' : 'unreachable', error)
  } finally {
    socket.destroy()
  }
}

async function open(target: SyslogTarget, withinMs: number): Promise<TLSSocket> {
  const options = await optionsOf(target).catch((error: unknown) => {
    throw new SinkError('refused', error)
  })
  return new Promise((resolve, reject) => {
    const socket = connect(options)
    const late = setTimeout(() => fail(undefined), withinMs)
    const fail = (error: unknown) => {
      clearTimeout(late)
      socket.destroy()
      reject(new SinkError(isTrust(error) ? 'refused' : 'unreachable', error))
    }
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      clearTimeout(late)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

async function optionsOf(target: SyslogTarget): Promise<ConnectionOptions> {
  const { host, port, ca, certificate, key } = target
  return {
    host,
    port,
    // RFC 6066 section 3: no address stands there.
    ...(isIP(host) === 0 && { servername: host }),
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: await readFile(ca) }),
    ...(certificate !== undefined && { cert: await readFile(certificate) }),
    ...(key !== undefined && { key: await readFile(key) }),
  }
}

/** OpenSSL's and Node's codes for a certificate that one of us does not take; the others are the network's. */
const isTrust = (error: unknown): boolean =>
  /CERT|SSL|TLS|ISSUER|SIGNATURE|CHAIN|CA\b/.test(systemCode(error) ?? '')

interface Over {
  /** Settles when the receiver closed, or the connection failed. */
  readonly promise: Promise<void>
  isSo(): boolean
  /** Undefined when it was closed in good order. */
  error(): unknown
  /** Whether it came to its end within that time. */
  within(ms: number): Promise<boolean>
}

function watch(socket: TLSSocket, idleMs: number): Over {
  let isOver = false
  let failure: unknown
  const promise = new Promise<void>((resolve) => {
    const end = (error?: unknown) => {
      failure ??= isOver ? undefined : error
      isOver = true
      resolve()
    }
    socket.once('end', () => end())
    socket.on('error', end)
    socket.once('close', () => end(new Error('closed without its end')))
    socket.setTimeout(idleMs, () => socket.destroy(new Error('no byte went on')))
  })
  // What a receiver says is read and thrown away, or its end would never be seen.
  socket.resume()
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
