/**
 * Parts of one request that are answered together, and so may be committed together: a transaction,
 * with its statements, signature and fsync, costs as much as sealing a slice.
 */

/** Bounds a transaction, and what has to be sent again when it fails. */
const PARTS_AT_ONCE = 32

interface Waiting<Part, Answer> {
  /** Parts are committed in the order of their arrival, whichever was durable first. */
  readonly place: number
  readonly part: Part
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
}

interface Batch<Part, Answer> {
  /** How many parts have arrived. */
  arrived: number
  /** Parts that are still being made durable. */
  storing: number
  waiting: Waiting<Part, Answer>[]
}

export class PartBatches<Request extends object, Part, Answer> {
  readonly #commit: (request: Request, parts: readonly Part[]) => Promise<readonly Answer[]>
  readonly #batches = new WeakMap<Request, Batch<Part, Answer>>()

  /** @param commit returns one answer for each part, in order, or fails for all of them */
  constructor(commit: (request: Request, parts: readonly Part[]) => Promise<readonly Answer[]>) {
    this.#commit = commit
  }

  /**
   * Resolves when the part is committed, which it is once no other part of its request is being
   * made durable, or enough of them wait. A part that fails does not affect those that wait.
   *
   * @param store makes the part durable
   * @param onStored called when it has
   */
  async add(request: Request, store: () => Promise<Part>, onStored: () => void): Promise<Answer> {
    const batch = this.#batches.get(request) ?? { arrived: 0, storing: 0, waiting: [] }
    this.#batches.set(request, batch)
    batch.storing += 1
    const place = (batch.arrived += 1)
    let answer: Promise<Answer>
    try {
      const part = await store()
      onStored()
      answer = new Promise((resolve, reject) => {
        batch.waiting.push({ place, part, resolve, reject })
      })
    } finally {
      batch.storing -= 1
      const isDue = batch.storing === 0 || batch.waiting.length >= PARTS_AT_ONCE
      if (isDue && batch.waiting.length > 0) void this.#commitAll(request, batch)
    }
    return answer
  }

  async #commitAll(request: Request, batch: Batch<Part, Answer>): Promise<void> {
    const waiting = batch.waiting.splice(0).sort((a, b) => a.place - b.place)
    try {
      const answers = await this.#commit(
        request,
        waiting.map(({ part }) => part),
      )
      for (const [i, { resolve, reject }] of waiting.entries()) {
        const answer = answers[i]
        if (answer === undefined) reject(new Error('a part was not answered'))
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
