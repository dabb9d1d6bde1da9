/**
 * Tells those who follow the log what was added to it, by this gateway or by another one on the
 * same database. The database is asked only while somebody follows.
 */
import type { Change, Changes } from '../ledger/following/index.js'
import { startRounds } from './rounds.js'

/** A new study is announced within two seconds of its commit: this, and one request of the page. */
const EVERY_MS = 500

export interface Follower {
  /** @param next number of entries of the log now */
  readonly changed: (changes: readonly Change[], next: number, isPartial: boolean) => void
  /** The gateway is stopping. */
  readonly ended: () => void
}

export interface Following {
  /** What was added since; nothing without a position. */
  since(from: number | undefined): Promise<Changes>
  /**
   * Returns a function that ends it. Others may hear once more of what was added after `from`.
   *
   * @param from number of entries that the follower has seen
   */
  follow(follower: Follower, from: number): () => void
  close(): Promise<void>
}

export function createFollowing(since: (from: number | undefined) => Promise<Changes>): Following {
  const followers = new Set<Follower>()
  let seen = 0
  let stopRounds: (() => Promise<void>) | undefined
  const look = async (): Promise<void> => {
    // If the database is away, the next round finds what was missed.
    const found = await since(seen).catch(() => undefined)
    if (!found) return
    seen = found.next
    if (found.changes.length === 0) return
    for (const one of followers) one.changed(found.changes, found.next, found.isPartial)
  }
  const rest = async (): Promise<void> => {
    const stopping = stopRounds?.()
    stopRounds = undefined
    await stopping
  }
  return {
    since,
    follow(follower, from) {
      // What came between its look at the log and now is in the next round.
      seen = followers.size === 0 ? from : Math.min(seen, from)
      followers.add(follower)
      stopRounds ??= startRounds(EVERY_MS, look)
      return () => {
        followers.delete(follower)
        if (followers.size === 0) void rest()
      }
    },
    async close() {
      for (const one of [...followers]) one.ended()
      followers.clear()
      await rest()
    },
  }
}
