/**
 * Serves TLS and plain connections on one port: a TLS handshake begins with 16H and an association
 * request with 01H, so the first octet distinguishes them. A caller that must use TLS but does not
 * is disconnected before anything it sent is parsed.
 */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { DetailedPeerCertificate, Server as TlsServer, TLSSocket } from 'node:tls'
import { plainAddress } from '../../lib/net/networks.js'
import type { Link } from './peers.js'
import { Places } from './places.js'
import type { PlaceLimits } from './places.js'

export interface TlsFiles {
  /** PEM. */
  readonly cert: string
  readonly key: string
  /** The certificates, in PEM, against which peers' certificates are verified. */
  readonly peers: readonly string[]
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | undefined
  readonly mayBePlain: (address: string) => boolean
  /** Until the first octet, and until the handshake is complete. */
  readonly firstMs: number
  readonly places: PlaceLimits
  /** Against which the validity of a caller's certificate is judged, in milliseconds. */
  readonly now: () => number
}

/** Whoever takes a connection. */
export type OnLink = (
  socket: Socket | TLSSocket,
  link: Link,
  /** Of `Places`, to be called once the caller is known. */
  keep: () => boolean,
) => void

export interface Listener {
  readonly port: number
  /** Stops accepting connections. */
  stop(): void
}

const TLS_HANDSHAKE = 0x16
/**
 * PS3.15 B.12 and B.13, following BCP 195 (RFC 9325 section 4.2): forward secrecy and authenticated
 * encryption.
 */
const CIPHERS =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM'

/**
 * @param onLost - called for each connection that is closed in favour of a newer one
 * @throws the system's error when it cannot listen on the address.
 */
export async function listen(
  options: ListenOptions,
  onLink: OnLink,
  onLost: (address: string) => void = () => undefined,
): Promise<Listener> {
  const places = new Places(options.places)
  const link = (socket: Socket | TLSSocket, about: Link): void =>
    onLink(socket, about, () => places.keep(socket))
  const secure = options.tls && tlsServer(options.tls, options, link)
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    socket.on('error', () => undefined)
    const address = plainAddress(socket.remoteAddress ?? '')
    const late = setTimeout(() => socket.destroy(), options.firstMs)
    socket.once('close', () => clearTimeout(late))
    places.enter(socket, address, () => onLost(address))
    socket.once('data', (first: Buffer) => {
      clearTimeout(late)
      socket.pause()
      socket.unshift(first)
      if (first[0] === TLS_HANDSHAKE && secure) secure.emit('connection', socket)
      else if (options.mayBePlain(address)) link(socket, { address, tls: undefined })
      else socket.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return { port, stop: () => void server.close() }
}

function tlsServer(
  { cert, key, peers }: TlsFiles,
  { firstMs: handshakeTimeout, now }: Pick<ListenOptions, 'firstMs' | 'now'>,
  onLink: (socket: TLSSocket, link: Link) => void,
): TlsServer {
  const server = createTlsServer({
    cert,
    key,
    ca: [...peers],
    requestCert: true,
    // The caller is identified once its AE title is known: an unknown certificate is then rejected
    // with a DICOM reason, and recorded.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    dhparam: 'auto',
    handshakeTimeout,
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined)
    const address = plainAddress(socket.remoteAddress ?? '')
    const peer = socket.getPeerCertificate(true)
    onLink(socket, {
      address,
      tls: {
        chain: chainOf(peer),
        isVerified: socket.authorized,
        isCurrent: isCurrent(peer, now()),
      },
    })
  })
  return server
}

const MAX_CHAIN = 8

function chainOf(certificate: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = []
  // Node returns an empty object when the peer sent no certificate, and makes a self-signed
  // certificate its own issuer.
  for (let one: Partial<DetailedPeerCertificate> | undefined = certificate; one?.raw;) {
    chain.push(one.raw)
    if (one.issuerCertificate === one || chain.length === MAX_CHAIN) break
    one = one.issuerCertificate
  }
  return chain
}

function isCurrent(
  { valid_from: from, valid_to: to }: Partial<DetailedPeerCertificate>,
  now: number,
): boolean {
  return from !== undefined && to !== undefined && Date.parse(from) <= now && now < Date.parse(to)
}
