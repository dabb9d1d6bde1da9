/**
 * Places at a port that few callers use for long. A caller keeps its place once it is known; until
 * then a newcomer may take it. So neither strangers who connect and say nothing, nor one address
 * with many connections, keep others out.
 */
import type { Socket } from 'node:net'
import { networkOf } from '../../lib/net/networks.js'

export interface PlaceLimits {
  /** Callers that are not known yet, of all addresses. */
  readonly unknown: number
  /** Of one IPv4 address or IPv6 network: callers that are known, and as many that are not yet. */
  readonly perAddress: number
}

interface Place {
  readonly network: string
  /** Closes the connection in favour of a newer one. */
  readonly giveUp: () => void
}

export class Places {
  readonly #limits: PlaceLimits
  /** By the peer's address and port, which a TLS socket shares with the one below it. */
  readonly #places = new Map<string, Place>()
  /** The oldest first. */
  readonly #unknown = new Set<Place>()
  readonly #known = new Set<Place>()

  constructor(limits: PlaceLimits) {
    this.#limits = limits
  }

  /** @param onLost - called when the connection is closed in favour of a newer one */
  enter(socket: Socket, address: string, onLost: () => void): void {
    const giveUp = (): void => {
      socket.destroy()
      onLost()
    }
    const key = keyOf(socket)
    const place = { network: networkOf(address), giveUp }
    this.#places.set(key, place)
    this.#unknown.add(place)
    socket.once('close', () => {
      if (this.#places.get(key) === place) this.#places.delete(key)
      this.#unknown.delete(place)
      this.#known.delete(place)
    })
    this.#makeRoom(place)
  }

  /**
   * The caller is known: from here on its connection is not given up for a newer one. False when
   * its address has all of its places already.
   */
  keep(socket: Socket): boolean {
    const place = this.#places.get(keyOf(socket))
    if (!place) return false
    if (this.#known.has(place)) return true
    if (of(this.#known, place).length >= this.#limits.perAddress) return false
    this.#unknown.delete(place)
    this.#known.add(place)
    return true
  }

  /** Gives up the oldest of the address that has too many, or else of the one with most. */
  #makeRoom(newest: Place): void {
    const own = of(this.#unknown, newest)
    const isCrowded = own.length > this.#limits.perAddress
    if (!isCrowded && this.#unknown.size <= this.#limits.unknown) return
    const [lost] = isCrowded ? own : mostOf(this.#unknown)
    if (!lost) return
    this.#unknown.delete(lost)
    lost.giveUp()
  }
}

const of = (places: ReadonlySet<Place>, { network }: Place): Place[] =>
  [...places].filter((one) => one.network === network)

/** Those of the address that has most. */
const mostOf = (places: ReadonlySet<Place>): readonly Place[] =>
  [...places].reduce<readonly Place[]>((most, one) => {
    const own = of(places, one)
    return own.length > most.length ? own : most
  }, [])

const keyOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''} ${String(remotePort ?? '')}`
