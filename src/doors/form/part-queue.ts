import type { Readable } from 'node:stream'
import { NocturneError } from '../../lib/errors.js'
import type { Part } from '../../receive/index.js'

/**
 * Hands file parts to a consumer one at a time. The parser can produce small parts faster than they
 * are consumed, and no single one is large enough to cause back-pressure. The pump therefore waits
 * for `room()` between its chunks.
 */
export class PartQueue {
  readonly #take: (part: Part) => Promise<void>
  #last: Promise<void> = Promise.resolve()
  #pending = 0
  #failure: NocturneError | undefined
  #wake: (() => void) | undefined

  constructor(take: (part: Part) => Promise<void>) {
    this.#take = take
  }

  /**
   * True if parts other than the one still arriving are queued: those are complete, and can be
   * consumed without further input.
   */
  get isCrowded(): boolean {
    return this.#pending > 1
  }

  /** Resolves when the queue is not crowded. Calls must not overlap. */
  async room(): Promise<void> {
    while (this.isCrowded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /**
   * Resolves when the part has been consumed and the rest of it discarded.
   *
   * @throws what the consumer throws, or the error given to `fail`.
   */
  add(about: Omit<Part, 'bytes'>, stream: Readable): Promise<void> {
    this.#pending += 1
    const turn = this.#last.then(() => this.#hand(about, stream))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Makes every part fail with this error from now on, including the one being read. */
  fail(failure: NocturneError): void {
    this.#failure ??= failure
  }

  /** Resolves when no call to the consumer is in progress. */
  async idle(): Promise<void> {
    await this.#last
  }

  async #hand(about: Omit<Part, 'bytes'>, stream: Readable): Promise<void> {
    const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      try {
        if (this.#failure) throw this.#failure
        const result = await chunks.next()
        return result.done === true ? { done: true, value: undefined } : result
      } catch (error) {
        throw this.#failure ?? new NocturneError('broken_multipart', { cause: error })
      }
    }
    try {
      if (this.#failure) throw this.#failure
      // Has no `return`: leaving a loop over the bytes early must not destroy the stream, or the
      // parser would wait forever.
      await this.#take({ ...about, bytes: { [Symbol.asyncIterator]: () => ({ next }) } })
      while ((await next()).done !== true);
    } catch (error) {
      stream.destroy()
      throw error
    } finally {
      this.#pending -= 1
      this.#wake?.()
    }
  }
}
