/**
 * Decides when a folder that is still being written is ready to be sent. Pure, on a monotonic
 * clock: a file is settled when neither its size nor its time of change has moved for a while.
 */
export interface Seen {
  readonly path: string
  readonly size: number
  /** Milliseconds since 1970, as the file system has it. */
  readonly changedAt: number
}

interface Known extends Seen {
  readonly since: number
}

/** Files by group: those of one group are sent together. */
export class Settling {
  readonly #quietMs: number
  readonly #known = new Map<string, Known>()
  /** Sent before, by path, in the state in which they were. */
  readonly #sent = new Map<string, Seen>()

  constructor(quietMs: number) {
    this.#quietMs = quietMs
  }

  /**
   * The files of this group that are to be sent now: those that were not sent in this state, once
   * every file of the group is settled. Empty while the group is still being written.
   */
  ready(group: readonly Seen[], now: number): readonly Seen[] {
    let isSettled = true
    for (const file of group) {
      const before = this.#known.get(file.path)
      const since = before && isSame(before, file) ? before.since : now
      this.#known.set(file.path, { ...file, since })
      if (now - since < this.#quietMs) isSettled = false
    }
    return isSettled ? group.filter((file) => !this.#isSent(file)) : []
  }

  sent(files: readonly Seen[]): void {
    for (const file of files) this.#sent.set(file.path, file)
  }

  #isSent(file: Seen): boolean {
    const before = this.#sent.get(file.path)
    return before !== undefined && isSame(before, file)
  }
}

const isSame = (a: Seen, b: Seen): boolean => a.size === b.size && a.changedAt === b.changedAt
