/**
 * Proxies in front of the gateway that may say who a client is: those at the addresses of
 * `proxies.trusted`, by X-Forwarded-For or by the PROXY protocol. What anybody else says of an
 * address changes nothing.
 */
import type { Server, Socket } from 'node:net'
import { readProxyHeader } from './proxy-header.js'

/** A proxy sends its header at once. */
const HEADER_MS = 5_000

/**
 * Connections of trusted addresses begin with a PROXY header, which is taken off; without one they
 * are closed, since guessing would let a client write the header itself (section 2 of the PROXY
 * protocol). Connections of others are served as they are.
 *
 * @param told - called with the address that the proxy names, before a request is read
 */
export function expectProxyHeaders(
  server: Server,
  isTrusted: (address: string) => boolean,
  told: (socket: Socket, address: string) => void,
): void {
  const serve = server.listeners('connection') as ((socket: Socket) => void)[]
  const pass = (socket: Socket): void => serve.forEach((one) => one.call(server, socket))
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    if (!isTrusted(socket.remoteAddress ?? '')) {
      pass(socket)
      return
    }
    const fail = () => socket.destroy()
    const timer = setTimeout(fail, HEADER_MS)
    socket.once('error', fail)
    readProxyHeader(socket, (header) => {
      clearTimeout(timer)
      if (header === 'invalid') {
        fail()
        return
      }
      socket.off('error', fail)
      if (header.address !== undefined) told(socket, header.address)
      pass(socket)
    })
  })
}
