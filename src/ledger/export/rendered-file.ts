/** Uses no Node modules: the command and the page run the same code. */
import { concat } from '../../lib/bytes.js'
import { isSameBytes, toUtf8 } from '../verify/encoding.js'
import type { About } from './package-about.js'
import type { EntryJson, Rendering } from './renderings.js'

/** Compares a rendering, piece by piece, with what it must contain. */
export class RenderedFile {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #rendering: Rendering
  readonly #about: About
  #rest: Uint8Array = new Uint8Array()
  #isFirst = true

  constructor(content: AsyncIterable<Uint8Array>, rendering: Rendering, about: About) {
    this.#chunks = content[Symbol.asyncIterator]()
    this.#rendering = rendering
    this.#about = about
  }

  begins(): Promise<boolean> {
    return this.#goesOnWith(this.#rendering.head(this.#about.count))
  }

  holds(index: number, entry: EntryJson): Promise<boolean> {
    const { between } = this.#rendering
    const text = `${this.#isFirst ? '' : between}${this.#rendering.event(index, entry, { origin: this.#about.source })}`
    this.#isFirst = false
    return this.#goesOnWith(text)
  }

  async ends(): Promise<boolean> {
    return (
      (await this.#goesOnWith(this.#rendering.tail(this.#about.count))) && !(await this.#fill(1))
    )
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #goesOnWith(text: string): Promise<boolean> {
    const expected = toUtf8(text)
    if (!(await this.#fill(expected.length))) return false
    const isSame = isSameBytes(this.#rest.subarray(0, expected.length), expected)
    this.#rest = this.#rest.subarray(expected.length)
    return isSame
  }

  async #fill(length: number): Promise<boolean> {
    while (this.#rest.length < length) {
      const chunk = await this.#chunks.next()
      if (chunk.done === true) return false
      this.#rest = concat([this.#rest, chunk.value])
    }
    return true
  }
}
