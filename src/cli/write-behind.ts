import type { FileHandle } from 'node:fs/promises'
import { freeMemory } from '../lib/free-memory.js'

const BLOCK_BYTES = 2 ** 20
/** Written to disk while more content is produced, so that little is left for the final sync. */
const SYNC_BYTES = 32 * BLOCK_BYTES

/**
 * Writes `content` to the file and makes it durable. While one block is being written, the next is
 * produced: otherwise decryption and disk would wait for each other. Memory: two blocks. A piece of
 * `content` is no longer used once the next is requested.
 *
 * @throws what `content` throws, and `explain` applied to disk errors
 */
export async function writeBehind(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  explain: (error: unknown) => Error,
): Promise<void> {
  const blocks = new Blocks(file, explain)
  for await (const piece of content) {
    for (let at = 0; at < piece.length;) {
      at += blocks.fill(piece.subarray(at))
      if (blocks.isFull) await blocks.send()
    }
  }
  await blocks.end()
}

class Blocks {
  readonly #file: FileHandle
  readonly #explain: (error: unknown) => Error
  #filling: Buffer<ArrayBuffer> | undefined
  #filled = 0
  #spare: Buffer<ArrayBuffer> | undefined
  #writing: Promise<unknown> = Promise.resolve()
  #syncing: Promise<unknown> | undefined
  #unsynced = 0
  /**
   * Also for a sync error: the kernel reports a lost page only once, and a later sync would succeed
   * (fsync(2)).
   */
  #failure: Error | undefined

  constructor(file: FileHandle, explain: (error: unknown) => Error) {
    this.#file = file
    this.#explain = explain
  }

  get isFull(): boolean {
    return this.#filled === BLOCK_BYTES
  }

  /** Number of octets that fitted. */
  fill(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, BLOCK_BYTES - this.#filled)
    this.#filling ??= Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#filling.set(taken, this.#filled)
    this.#filled += taken.length
    return taken.length
  }

  /**
   * Waits for the previous block, starts writing this one and continues with the other's memory.
   */
  async send(): Promise<void> {
    await this.#writing
    if (this.#failure) throw this.#failure
    const block = this.#filling
    if (block) this.#writing = this.#keepFailure(this.#write(block.subarray(0, this.#filled)))
    this.#filling = this.#spare
    this.#spare = block
    this.#unsynced += this.#filled
    this.#filled = 0
    if (this.#unsynced < SYNC_BYTES || this.#syncing) return
    this.#unsynced = 0
    this.#syncing = this.#keepFailure(this.#file.datasync()).finally(() => {
      this.#syncing = undefined
    })
  }

  async end(): Promise<void> {
    await this.send()
    await this.#writing
    await this.#syncing
    await this.#keepFailure(this.#file.sync())
    if (this.#failure) throw this.#failure
    for (const block of [this.#filling, this.#spare]) if (block) freeMemory(block)
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;)
      done += (await this.#file.write(bytes, done, bytes.length - done)).bytesWritten
  }

  #keepFailure(work: Promise<unknown>): Promise<unknown> {
    return work.catch((error: unknown) => {
      this.#failure ??= this.#explain(error)
    })
  }
}
