/**
 * Connections by address: beyond its share, an address loses its connection that has been idle for
 * longest. So neither thousands of silent connections nor those of one proxy keep a new request
 * out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { plainAddress } from './proxies.js'

interface Held {
  readonly socket: Socket
  readonly peer: string
  /** The client according to a trusted proxy; otherwise the peer. */
  address: string
  requests: number
}

const CLIENTS = new WeakMap<Socket, string>()

/** The client behind the proxy; undefined without a trusted proxy. */
export const clientOf = (socket: Socket): string | undefined => CLIENTS.get(socket)

export class Connections {
  readonly #perAddress: number
  /** By the peer's address and port, which a TLS socket shares with the one below it. */
  readonly #held = new Map<string, Held>()
  /** Of each address, those without a request, the longest idle first. */
  readonly #idle = new Map<string, Set<Held>>()
  readonly #counts = new Map<string, number>()

  constructor(perAddress: number) {
    this.#perAddress = perAddress
  }

  /** Before any other listener of the server. */
  watch(server: Server): void {
    server.prependListener('connection', (socket: Socket) => this.#add(socket))
  }

  /** The address that a trusted proxy names. */
  rename(socket: Socket, address: string): void {
    const held = this.#held.get(keyOf(socket))
    if (!held) return
    this.#leave(held)
    held.address = plainAddress(address)
    this.#enter(held)
  }

  /** A request on one of them: it is not idle until the answer has been sent. */
  busy(request: IncomingMessage, response: ServerResponse): void {
    const held = this.#held.get(keyOf(request.socket))
    if (!held) return
    held.requests += 1
    this.#idle.get(held.address)?.delete(held)
    response.once('close', () => {
      held.requests -= 1
      if (held.requests === 0 && !held.socket.destroyed) this.#idle.get(held.address)?.add(held)
    })
  }

  /** From here on `clientOf` answers what a trusted proxy said of the socket. */
  name(socket: Socket): void {
    const held = this.#held.get(keyOf(socket))
    if (held && held.address !== held.peer) CLIENTS.set(socket, held.address)
  }

  #add(socket: Socket): void {
    const key = keyOf(socket)
    const address = plainAddress(socket.remoteAddress ?? 'unknown')
    const held = { socket, peer: address, address, requests: 0 }
    this.#held.set(key, held)
    this.#enter(held)
    socket.once('close', () => {
      this.#leave(held)
      if (this.#held.get(key) === held) this.#held.delete(key)
    })
  }

  #enter(held: Held): void {
    const { address } = held
    const idle = this.#idle.get(address) ?? new Set()
    this.#idle.set(address, idle)
    const count = (this.#counts.get(address) ?? 0) + 1
    this.#counts.set(address, count)
    if (count > this.#perAddress) this.#evict(idle)
    if (held.requests === 0) idle.add(held)
  }

  /** Where every other one is at work, the new one stays: it may be an urgent study. */
  #evict(idle: ReadonlySet<Held>): void {
    const [oldest] = idle
    oldest?.socket.destroy()
  }

  #leave(held: Held): void {
    const { address } = held
    this.#idle.get(address)?.delete(held)
    const count = (this.#counts.get(address) ?? 1) - 1
    if (count > 0) this.#counts.set(address, count)
    else {
      this.#counts.delete(address)
      this.#idle.delete(address)
    }
  }
}

const keyOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''} ${String(remotePort ?? '')}`
