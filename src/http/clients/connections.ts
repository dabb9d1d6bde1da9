/**
 * Connections by address: beyond its share, an address loses the one that is missed least. So
 * neither thousands of silent connections nor those of one proxy keep a new request out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { plainAddress } from '../proxies.js'

interface Held {
  readonly socket: Socket
  readonly peer: string
  /** The client according to a trusted proxy; otherwise the peer. */
  address: string
  requests: number
  /** When it connected, or its last request began or ended, by the steady clock. */
  since: number
  isKnown: boolean
  /** Closed here, and no longer counted. */
  isClosed: boolean
}

/** Of one address. Each set is in the order of `since`. */
interface Share {
  count: number
  /** Without any request so far. */
  readonly unused: Set<Held>
  /** Between two requests. */
  readonly idle: Set<Held>
  /** With a request, but without a token so far. */
  readonly unknown: Set<Held>
}

/** A connection that was just opened or used is about to be used: a request would fail with it. */
const RECENT_MS = 1_000
/** This many times its share is the end, whatever an address does with its connections. */
const AT_MOST = 4

const CLIENTS = new WeakMap<Socket, string>()
const HELD = new WeakMap<Socket, () => void>()

/** The client behind the proxy; undefined without a trusted proxy. */
export const clientOf = (socket: Socket): string | undefined => CLIENTS.get(socket)

/** A request on this connection came with a valid token: strangers are disconnected before it. */
export const markKnown = (socket: Socket): void => HELD.get(socket)?.()

export class Connections {
  readonly #perAddress: number
  /** By the peer's address and port, which a TLS socket shares with the one below it. */
  readonly #held = new Map<string, Held>()
  readonly #shares = new Map<string, Share>()

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
  busy({ socket }: IncomingMessage, response: ServerResponse): void {
    const held = this.#held.get(keyOf(socket))
    if (!held) return
    held.requests += 1
    this.#sort(held)
    HELD.set(socket, () => {
      held.isKnown = true
      this.#shares.get(held.address)?.unknown.delete(held)
    })
    response.once('close', () => {
      held.requests -= 1
      if (!held.socket.destroyed && !held.isClosed) this.#sort(held)
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
    const state = { requests: 0, since: performance.now(), isKnown: false, isClosed: false }
    const held = { socket, peer: address, address, ...state }
    this.#held.set(key, held)
    socket.once('close', () => {
      this.#leave(held)
      if (this.#held.get(key) === held) this.#held.delete(key)
    })
    this.#enter(held)
  }

  #enter(held: Held): void {
    const share = this.#shares.get(held.address) ?? newShare()
    this.#shares.set(held.address, share)
    share.count += 1
    for (const missed of this.#leastMissed(share)) this.#close(missed)
    if (share.count > AT_MOST * this.#perAddress) this.#close(held)
    else placeOf(share, held)?.add(held)
  }

  #close(held: Held): void {
    this.#leave(held)
    held.isClosed = true
    held.socket.destroy()
  }

  /** Where all others are at work, the new one stays: it may be an urgent study. */
  *#leastMissed({ count, unused, idle, unknown }: Share): Generator<Held> {
    let left = count - this.#perAddress
    const isBurst = left > (AT_MOST - 1) * this.#perAddress
    const before = isBurst ? Infinity : performance.now() - RECENT_MS
    for (const place of [unused, idle, unknown])
      for (const one of place) {
        if (left <= 0 || one.since >= before) break
        left -= 1
        yield one
      }
  }

  #sort(held: Held): void {
    const share = this.#shares.get(held.address)
    if (!share) return
    remove(share, held)
    held.since = performance.now()
    if (held.requests === 0) share.idle.add(held)
    else placeOf(share, held)?.add(held)
  }

  #leave(held: Held): void {
    const share = this.#shares.get(held.address)
    if (!share || held.isClosed) return
    remove(share, held)
    share.count -= 1
    if (share.count === 0) this.#shares.delete(held.address)
  }
}

const newShare = (): Share => ({
  ...{ count: 0, unused: new Set(), idle: new Set(), unknown: new Set() },
})

/** Undefined for a request with a token, which is never closed. */
function placeOf({ unused, unknown }: Share, { requests, isKnown }: Held): Set<Held> | undefined {
  if (requests === 0) return unused
  return isKnown ? undefined : unknown
}

function remove({ unused, idle, unknown }: Share, held: Held): void {
  for (const place of [unused, idle, unknown]) place.delete(held)
}

const keyOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''} ${String(remotePort ?? '')}`
