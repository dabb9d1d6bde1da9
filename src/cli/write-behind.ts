import type { FileHandle } from 'node:fs/promises'
import { freeMemory } from '../lib/free-memory.js'

const BLOCK_BYTES = 2 ** 20
/** Asked of the disk while more is made, so that little is left for the sync at the end. */
const SYNC_BYTES = 32 * BLOCK_BYTES

/**
 * Writes `content` to the file and makes it durable. While one block is on its way, the next one is
 * made: deciphering and the disk take turns otherwise. Memory: two blocks. Of `content` no piece is
 * looked at when the next is asked for.
 *
 * @throws what `content` throws, and `explain` of what the disk refuses
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
   * Of a sync too: the kernel tells of a lost page once, and a later sync would pass (fsync(2)).
   */
  #failure: Error | undefined

  constructor(file: FileHandle, explain: (error: unknown) => Error) {
    this.#file = file
    this.#explain = explain
  }

  get isFull(): boolean {
    return this.#filled === BLOCK_BYTES
  }

  /** How many octets found room. */
  fill(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, BLOCK_BYTES - this.#filled)
    this.#filling ??= Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#filling.set(taken, this.#filled)
    this.#filled += taken.length
    return taken.length
  }

  /** Waits for the block before, sends this one and goes on with the other's memory. */
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
