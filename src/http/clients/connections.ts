/**
 * Connections by address: beyond its share, an address's new ones wait unread, and the newest takes
 * the place of the one that is missed least. A connection that is closed comes back at once and
 * delays all others in the queue of the listener, which yields a few per turn of the event loop;
 * one that waits costs a descriptor. So neither thousands of silent connections, nor floods, nor
 * those of one proxy keep a new request out, even one that shares its address with them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { networkOf, plainAddress } from '../../lib/net/networks.js'
import { leastMissed, newShare, remove, sort } from './share.js'
import type { Held, Share } from './share.js'

/** This many times what one address may have is served of all together. */
const ALL = 4
const TICK_MS = 50
/** Per address and tick: each that is closed comes back, to be accepted anew. */
const REPLACED = 4
/** A client that waited this long may try again. */
const WAITING_MS = 30_000

const CLIENTS = new WeakMap<Socket, string>()
const HELD = new WeakMap<Socket, () => void>()

/** The client behind the proxy; undefined without a trusted proxy. */
export const clientOf = (socket: Socket): string | undefined => CLIENTS.get(socket)

/** A request on this connection came with a valid token: strangers are disconnected before it. */
export const markKnown = (socket: Socket): void => HELD.get(socket)?.()

const ENDS = new WeakMap<Server, () => void>()

/** Those that wait are unknown to the server, and would keep it from stopping. */
export const dropWaiting = (server: Server): void => ENDS.get(server)?.()

export interface ConnectionOptions {
  readonly perAddress: number
  /** Of proxies that hand on requests of many clients: they have the share of all. */
  readonly isProxy?: (address: string) => boolean
}

export class Connections {
  readonly #perAddress: number
  readonly #isProxy: (address: string) => boolean
  /** By the peer's address and port, which a TLS socket shares with the one below it. */
  readonly #held = new Map<string, Held>()
  readonly #shares = new Map<string, Share>()
  /** Shares of which connections wait. */
  readonly #lines = new Set<Share>()
  /** What trusted proxies said of sockets that are about to be added. */
  readonly #named = new WeakMap<Socket, string>()
  #served = 0
  #waiting = 0
  #tick: NodeJS.Timeout | undefined

  constructor({ perAddress, isProxy = () => false }: ConnectionOptions) {
    this.#perAddress = perAddress
    this.#isProxy = isProxy
  }

  /** After the listeners of the server, which are called when a connection's turn has come. */
  watch(server: Server): void {
    const serve = server.listeners('connection') as ((socket: Socket) => void)[]
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      this.#add(socket, () => serve.forEach((one) => one.call(server, socket)))
    })
    ENDS.set(server, () => {
      for (const { waiting } of this.#lines) for (const held of [...waiting]) this.#close(held)
    })
  }

  /** The address that a trusted proxy names, before the connection is watched. */
  rename(socket: Socket, address: string): void {
    this.#named.set(socket, plainAddress(address))
  }

  /** A request on one of them: it is not idle until the answer has been sent. */
  busy({ socket }: IncomingMessage, response: ServerResponse): void {
    const held = this.#held.get(keyOf(socket))
    if (!held) return
    held.requests += 1
    sort(held)
    HELD.set(socket, () => {
      held.isKnown = true
      held.share.unknown.delete(held)
    })
    response.once('close', () => {
      held.requests -= 1
      if (!held.isGone) sort(held)
    })
  }

  /** From here on `clientOf` answers what a trusted proxy said of the socket. */
  name(socket: Socket): void {
    const named = this.#held.get(keyOf(socket))?.named
    if (named !== undefined) CLIENTS.set(socket, named)
  }

  #add(socket: Socket, serve: () => void): void {
    const key = keyOf(socket)
    const named = this.#named.get(socket)
    const share = this.#shareOf(named ?? plainAddress(socket.remoteAddress ?? 'unknown'))
    const state = { requests: 0, isKnown: false, isServed: false, isGone: false }
    const held: Held = { socket, share, named, serve, ...state, since: performance.now() }
    this.#held.set(key, held)
    socket.once('close', () => {
      if (this.#held.get(key) === held) this.#held.delete(key)
      this.#leave(held)
      const next = share.waiting.at(-1)
      if (next && this.#hasRoom(share)) this.#serve(next)
    })
    if (this.#hasRoom(share)) this.#serve(held)
    else this.#wait(held)
  }

  #shareOf(address: string): Share {
    const most = this.#perAddress * (this.#isProxy(address) ? ALL : 1)
    // Whoever has one IPv6 address has all of its network.
    const network = networkOf(address)
    const share = this.#shares.get(network) ?? newShare(network, most)
    this.#shares.set(network, share)
    return share
  }

  #hasRoom({ served, most }: Share): boolean {
    return served < most && this.#served < ALL * this.#perAddress
  }

  #serve(held: Held): void {
    const { share, socket } = held
    this.#endWait(held)
    socket.off('error', ignore)
    this.#served += 1
    share.served += 1
    held.isServed = true
    held.since = performance.now()
    share.unused.add(held)
    held.serve()
  }

  /** Its first bytes, 64 KiB at most, are kept for the server. */
  #wait(held: Held): void {
    held.socket.on('error', ignore)
    held.share.waiting.push(held)
    this.#lines.add(held.share)
    this.#waiting += 1
    if (this.#waiting > this.#perAddress) this.#close(longestOf(this.#lines)?.waiting[0])
    this.#tick ??= setTimeout(() => this.#proceed(), TICK_MS).unref()
  }

  #endWait(held: Held): void {
    const { waiting } = held.share
    const at = waiting.lastIndexOf(held)
    if (at < 0) return
    waiting.splice(at, 1)
    this.#waiting -= 1
    if (waiting.length === 0) this.#lines.delete(held.share)
  }

  /** Those that have asked, then the newest: what waited long is what a flood left behind. */
  #proceed(): void {
    this.#tick = undefined
    const largest = largestOf(this.#shares.values())
    for (const share of this.#lines) {
      for (let i = 0; i < REPLACED; i += 1) {
        const next = nextOf(share)
        if (!next) break
        if (!this.#hasRoom(share)) {
          const isOther = share.served < share.most && share.served + 1 < (largest?.served ?? 0)
          const missed = leastMissed(isOther && largest ? largest : share)
          if (!missed) break
          this.#close(missed)
        }
        this.#serve(next)
      }
      const late = performance.now() - WAITING_MS
      while ((share.waiting[0]?.since ?? Infinity) < late) this.#close(share.waiting[0])
    }
    if (this.#waiting > 0) this.#tick = setTimeout(() => this.#proceed(), TICK_MS).unref()
  }

  #close(held: Held | undefined): void {
    if (!held) return
    this.#leave(held)
    held.socket.destroy()
  }

  #leave(held: Held): void {
    const { share } = held
    if (held.isGone) return
    held.isGone = true
    this.#endWait(held)
    remove(held)
    if (held.isServed) {
      this.#served -= 1
      share.served -= 1
    }
    if (share.served === 0 && share.waiting.length === 0) this.#shares.delete(share.address)
  }
}

/** A silent one loses nothing by waiting, and thousands of them may be newer than a request. */
const nextOf = ({ waiting }: Share): Held | undefined =>
  waiting.findLast(({ socket }) => socket.readableLength > 0) ?? waiting.at(-1)

/** Of a connection that waits: it closes by itself. */
const ignore = (): void => undefined

function largestOf(shares: Iterable<Share>): Share | undefined {
  let found: Share | undefined
  for (const share of shares) if (share.served > (found?.served ?? 0)) found = share
  return found
}

function longestOf(shares: Iterable<Share>): Share | undefined {
  let found: Share | undefined
  for (const share of shares) if (share.waiting.length > (found?.waiting.length ?? 0)) found = share
  return found
}

const keyOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''} ${String(remotePort ?? '')}`
