/**
 * The messages of an association (PS3.7 section 6.3, PS3.8 Annex E): a command, and its data set as
 * a stream that is pulled.
 */
import type { Association } from './association.js'
import { AssociationEndedError } from './ending.js'
import type { Fragment } from './fragments.js'
import { MAX_COMMAND, decodeCommand } from './command.js'
import type { Command } from './command.js'

export interface Message {
  readonly contextId: number
  readonly command: Command
  /**
   * Whatever is not read is skipped when the next message is requested. Its errors are
   * AssociationEndedError.
   */
  readonly data: AsyncIterable<Buffer> | undefined
}

/** Reads the messages of one association. Calls must not overlap. */
export class Messages {
  readonly #association: Association
  #data: DataSet | undefined

  constructor(association: Association) {
    this.#association = association
  }

  /**
   * Undefined when the peer has released the association.
   *
   * @throws AssociationEndedError
   */
  async next(): Promise<Message | undefined> {
    await this.#data?.skip()
    this.#data = undefined
    const first = await this.#association.fragment(false)
    if (!first) return undefined
    const command = await this.#command(first)
    if (!command.hasDataSet) return { contextId: first.contextId, command, data: undefined }
    this.#data = new DataSet(this.#association, first.contextId)
    return { contextId: first.contextId, command, data: this.#data }
  }

  async #command(first: Fragment): Promise<Command> {
    const parts: Buffer[] = []
    let size = 0
    let fragment: Fragment | undefined = first
    for (;;) {
      if (!fragment?.isCommand || fragment.contextId !== first.contextId) throw await this.#refuse()
      for (
        let part = await this.#association.value();
        part;
        part = await this.#association.value()
      ) {
        size += part.length
        if (size > MAX_COMMAND) throw await this.#refuse()
        parts.push(part)
      }
      if (fragment.isLast) break
      fragment = await this.#association.fragment(true)
    }
    try {
      return decodeCommand(Buffer.concat(parts, size))
    } catch {
      throw await this.#refuse()
    }
  }

  async #refuse(): Promise<AssociationEndedError> {
    await this.#association.abort()
    return new AssociationEndedError('violation')
  }
}

/** The data set of one message. It can be read only once. */
class DataSet implements AsyncIterable<Buffer> {
  readonly #association: Association
  readonly #contextId: number
  #fragment: Fragment | undefined
  #isOver = false

  constructor(association: Association, contextId: number) {
    this.#association = association
    this.#contextId = contextId
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    // Has no `return`, so that leaving a loop early leaves the rest for `skip`.
    return { next: () => this.#next() }
  }

  async skip(): Promise<void> {
    while ((await this.#next()).done !== true);
  }

  async #next(): Promise<IteratorResult<Buffer, undefined>> {
    while (!this.#isOver) {
      const bytes = this.#fragment && (await this.#association.value())
      if (bytes) return { done: false, value: bytes }
      if (this.#fragment?.isLast === true) this.#isOver = true
      else this.#fragment = await this.#following()
    }
    return { done: true, value: undefined }
  }

  async #following(): Promise<Fragment> {
    const fragment = await this.#association.fragment(true)
    if (fragment && !fragment.isCommand && fragment.contextId === this.#contextId) return fragment
    await this.#association.abort()
    throw new AssociationEndedError('violation')
  }
}
