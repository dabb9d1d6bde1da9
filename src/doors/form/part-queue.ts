import type { Readable } from 'node:stream'
import { NocturneError } from '../../lib/errors.js'
import type { Part } from '../../receive/index.js'

/**
 * Hands file parts to a consumer one after another. Small parts come out of the parser faster than
 * they are taken, and none of them is large enough to hold it back: so the pump asks for `room()`
 * between its chunks.
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
   * More than the part that is still coming in: those before it are whole, and can be taken without
   * further input.
   */
  get isCrowded(): boolean {
    return this.#pending > 1
  }

  /** Resolves when the queue is not crowded. One caller at a time. */
  async room(): Promise<void> {
    while (this.isCrowded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /**
   * Resolves when the part was taken, and what was left of it discarded.
   * @throws what the consumer throws, or the failure
   */
  add(about: Omit<Part, 'bytes'>, stream: Readable): Promise<void> {
    this.#pending += 1
    const turn = this.#last.then(() => this.#hand(about, stream))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** From here on every part fails with this, the one being read as well. */
  fail(failure: NocturneError): void {
    this.#failure ??= failure
  }

  /** Resolves when no call to the consumer is under way. */
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
      // Without `return`: leaving a loop over the bytes early must not destroy the stream, or the
      // parser waits for ever.
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
