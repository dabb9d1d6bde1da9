/**
 * Serves associations that peers open: which peers may, how many at once, and which service answers
 * each message.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Association } from './association.js'
import { AssociationEndedError } from './ending.js'
import type { EndedHow } from './ending.js'
import type { Timing } from './machine.js'
import { Conversation } from './conversation.js'
import type { Caller, Crowd, Services } from './conversation.js'
import { listen } from './listen.js'
import type { TlsFiles } from './listen.js'
import { Messages } from './messages.js'
import { negotiate } from './negotiate.js'
import type { AcceptedContext } from './negotiate.js'
import { createCallers } from './peers.js'
import type { Link, Peer } from './peers.js'

export interface DimseOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | undefined
  readonly aeTitle: string
  readonly plainFrom: readonly string[]
  readonly peers: readonly Peer[]
  readonly limits: DimseLimits
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface DimseLimits extends Timing {
  readonly associations: number
  readonly associationsOfOne: number
  readonly associationsPerAddress: number
}

export interface DimseServer {
  readonly port: number
  /** Open associations. */
  readonly count: number
  /** Accepts no more. Associations may finish their current message, within `graceMs`. */
  close(graceMs: number): Promise<void>
}

interface Live {
  readonly aeTitle: string
  readonly association: Association
  readonly socket: Socket | TLSSocket
  isBusy: boolean
}

export async function serveDimse(options: DimseOptions, services: Services): Promise<DimseServer> {
  const server = new Server(options, services)
  await server.start()
  return server
}

class Server implements DimseServer {
  readonly #options: DimseOptions
  readonly #services: Services
  readonly #callers
  readonly #live = new Set<Live>()
  readonly #talks = new Set<Promise<void>>()
  #listener: Awaited<ReturnType<typeof listen>> | undefined
  #isClosing = false

  constructor(options: DimseOptions, services: Services) {
    this.#options = options
    this.#services = services
    this.#callers = createCallers(options.peers, options.plainFrom)
  }

  async start(): Promise<void> {
    const { host, port, tls, limits, now } = this.#options
    const places = { unknown: limits.associations, perAddress: limits.associationsPerAddress }
    const mayBePlain = (address: string) => this.#callers.mayBePlain(address)
    this.#listener = await listen(
      { host, port, tls, mayBePlain, firstMs: limits.artimMs, places, now },
      (socket, link, keep) => {
        const talk = this.#talk(socket, link, keep).finally(() => this.#talks.delete(talk))
        this.#talks.add(talk)
      },
      (address) => this.#services.refused({ address, facility: undefined, crowd: 'silent' }),
    )
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  get count(): number {
    return this.#live.size
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    this.#listener?.stop()
    for (const live of this.#live) {
      if (live.isBusy) continue
      await live.association.abort()
      live.socket.destroySoon()
    }
    const late = setTimeout(() => {
      for (const { socket } of this.#live) socket.destroy()
    }, graceMs)
    await Promise.allSettled(this.#talks)
    clearTimeout(late)
    for (const { socket } of this.#live) socket.destroy()
  }

  /** Serves one connection from its first octet to its last. Never throws. */
  async #talk(socket: Socket | TLSSocket, link: Link, keep: () => boolean): Promise<void> {
    let peer: Peer | undefined
    let crowd: Crowd | undefined
    let contexts: ReadonlyMap<number, AcceptedContext> = new Map()
    try {
      const association = await Association.accept(socket, this.#options.limits, (request) => {
        peer = this.#callers.find(request.calling, link)
        const negotiated = negotiate(request, {
          aeTitle: this.#options.aeTitle,
          isKnown: () => peer !== undefined,
          isCrowded: (calling) => {
            crowd = this.#crowdOf(calling, keep)
            return crowd !== undefined
          },
        })
        contexts = negotiated.contexts
        return negotiated.answer
      })
      // Cannot happen: an association is accepted only for a known peer.
      if (peer === undefined) return
      const { aeTitle, facility } = peer
      await this.#serve({ aeTitle, facility, address: link.address }, association, socket, contexts)
    } catch (error) {
      if (!(error instanceof AssociationEndedError)) socket.destroy()
      else if (error.rejection) {
        const { result, source, reason } = error.rejection
        this.#services.refused({
          address: link.address,
          rejection: [result, source, reason],
          facility: peer?.facility,
          ...(crowd && { crowd }),
        })
      }
    }
  }

  async #serve(
    caller: Caller,
    association: Association,
    socket: Socket | TLSSocket,
    contexts: ReadonlyMap<number, AcceptedContext>,
  ): Promise<void> {
    const live: Live = { aeTitle: caller.aeTitle, association, socket, isBusy: false }
    this.#live.add(live)
    void association.closed.then(() => this.#live.delete(live))
    const conversation = new Conversation(caller, association, contexts, this.#services)
    let how: EndedHow | 'released' = 'released'
    try {
      const messages = new Messages(association)
      for (let next = await messages.next(); next; next = await messages.next()) {
        live.isBusy = true
        await conversation.answer(next)
        live.isBusy = false
        if (!this.#isClosing) continue
        await association.abort()
        socket.destroySoon()
      }
    } catch (error) {
      how = error instanceof AssociationEndedError ? error.how : 'violation'
      // After an internal error the peer must not be left waiting for a response.
      await association.abort()
    }
    await conversation.end(how)
  }

  /** Of what there are too many for one more association. */
  #crowdOf(calling: string, keep: () => boolean): Crowd | undefined {
    const { associations, associationsOfOne } = this.#options.limits
    const own = [...this.#live].filter(({ aeTitle }) => aeTitle === calling).length
    if (this.#isClosing || this.#live.size >= associations) return 'all'
    if (own >= associationsOfOne) return 'title'
    return keep() ? undefined : 'address'
  }
}
