/** A TLS connection over a TCP connection whose own end stays ours to say. */
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
  /** Absolute paths of PEM files, read anew for each connection, so that renewed ones are taken. */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

export interface Secure {
  readonly tls: TLSSocket
  /** Ending `tls` sends its close_notify and leaves this open for writing. */
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

/** Its listener for errors stays: what comes later than anybody looks must not end the process. */
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
    // RFC 6066 section 3: no address stands there.
    ...(isIP(host) === 0 && { servername: host }),
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: await readFile(ca) }),
    ...(certificate !== undefined && { cert: await readFile(certificate) }),
    ...(key !== undefined && { key: await readFile(key) }),
  }
}

/**
 * Passes bytes on in both directions, and neither direction's end: so TLS's own end is told from
 * TCP's.
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
