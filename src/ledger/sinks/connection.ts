/** A TLS connection that lets us end TLS while keeping our side of the TCP connection open. */
import { readFile } from 'node:fs/promises'
import { connect as connectTcp, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { SinkError, isTrust } from './sink-error.js'

export interface SyslogTarget {
  readonly host: string
  readonly port: number
  /**
   * Absolute paths of PEM files. They are read for each connection, so that renewed files take
   * effect.
   */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

export interface Secure {
  readonly tls: TLSSocket
  /** Ending `tls` sends its close_notify and leaves this socket open for writing. */
  readonly tcp: Socket
}

/** @throws SinkError */
export async function openSecure(target: SyslogTarget, withinMs: number): Promise<Secure> {
  const { host, port } = target
  const options = await optionsOf(target).catch((error: unknown) => {
    throw new SinkError('refused', error)
  })
  const tcp = connectTcp({ host, port, allowHalfOpen: true, noDelay: true })
  const late = setTimeout(() => tcp.destroy(new Error('no answer')), withinMs)
  try {
    await opened(tcp, tcp, 'connect')
    const tls = connectTls({ ...options, socket: new WithoutEnd(tcp) })
    await opened(tls, tcp, 'secureConnect')
    return { tls, tcp }
  } catch (error) {
    tcp.destroy()
    throw new SinkError(isTrust(error) ? 'refused' : 'unreachable', error)
  } finally {
    clearTimeout(late)
  }
}

/**
 * The error listener stays attached, because an error that arrives later must not end the process.
 */
const opened = (
  socket: Socket | TLSSocket,
  tcp: Socket,
  event: 'connect' | 'secureConnect',
): Promise<void> =>
  new Promise((resolve, reject) => {
    const closed = () => reject(new Error('closed before it was open'))
    socket.once(event, resolve)
    socket.on('error', reject)
    tcp.on('error', reject).once('end', closed).once('close', closed)
  })

async function optionsOf(target: SyslogTarget): Promise<ConnectionOptions> {
  const { host, ca, certificate, key } = target
  return {
    host,
    // RFC 6066 section 3: the server name must not be an IP address.
    ...(isIP(host) === 0 && { servername: host }),
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: await readFile(ca) }),
    ...(certificate !== undefined && { cert: await readFile(certificate) }),
    ...(key !== undefined && { key: await readFile(key) }),
  }
}

/**
 * Passes bytes on in both directions, but not the end of either direction, so that the end of TLS
 * can be told from the end of TCP.
 */
class WithoutEnd extends Duplex {
  readonly #tcp: Socket

  constructor(tcp: Socket) {
    super()
    this.#tcp = tcp
    tcp.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) tcp.pause()
    })
  }

  override _read(): void {
    this.#tcp.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#tcp.write(chunk, done)
  }

  override _final(done: () => void): void {
    done()
  }
}
