/** The connections of one address, in the order in which they are given up. */
import type { Socket } from 'node:net'

export interface Held {
  readonly socket: Socket
  readonly share: Share
  /** The client according to a trusted proxy. */
  readonly named: string | undefined
  /** Hands the socket to the server. */
  readonly serve: () => void
  requests: number
  /** When it connected, or its last request began or ended, by the steady clock. */
  since: number
  isKnown: boolean
  isServed: boolean
  /** Closed, and no longer counted. */
  isGone: boolean
}

/** Each set is in the order of `since`. */
export interface Share {
  /** An IPv4 address, or an IPv6 network. */
  readonly address: string
  readonly most: number
  served: number
  /** Unread, the oldest first. */
  readonly waiting: Held[]
  /** Without any request so far. */
  readonly unused: Set<Held>
  /** Between two requests. */
  readonly idle: Set<Held>
  /** With a request, but without a token so far. */
  readonly unknown: Set<Held>
}

export const newShare = (address: string, most: number): Share => ({
  ...{ address, most, served: 0, waiting: [] },
  ...{ unused: new Set(), idle: new Set(), unknown: new Set() },
})

/** A connection that was just opened or used is about to be used: a request would fail with it. */
const RECENT_MS = 1_000

/** Undefined where all are at work, or were just used. */
export function leastMissed({ unused, idle, unknown }: Share): Held | undefined {
  const before = performance.now() - RECENT_MS
  for (const place of [unused, idle, unknown]) {
    const [oldest] = place
    if (oldest && oldest.since < before) return oldest
  }
  return undefined
}

/** From here on it has a request, or none; one whose request has a token is never given up. */
export function sort(held: Held): void {
  const { idle, unknown } = held.share
  remove(held)
  held.since = performance.now()
  if (held.requests === 0) idle.add(held)
  else if (!held.isKnown) unknown.add(held)
}

export function remove(held: Held): void {
  const { unused, idle, unknown } = held.share
  for (const place of [unused, idle, unknown]) place.delete(held)
}
