/** What a sealing thread writes itself: a new file, from its first octet until it is durable. */
import { close, closeSync, constants, fdatasync, fsync } from 'node:fs'
import { linkSync, openSync, unlinkSync, writev } from 'node:fs'
import { promisify } from 'node:util'
import { freeMemory } from '../lib/free-memory.js'

/** Synced while more is sealed, so that little is left for the final sync. */
const SYNC_BYTES = 32 * 2 ** 20
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/**
 * Opening, naming and unnaming a file take microseconds, so they are done in place: handing them to
 * another thread and back would cost more. Writing and syncing wait for the disk, and do not keep
 * the streams of this thread waiting. Calls must not overlap.
 */
export class SealedFile {
  readonly #partial: string
  #fd: number | undefined
  #size = 0
  #unsynced = 0
  #syncing: Promise<void> | undefined
  /**
   * The kernel reports a lost page only once: a later sync would succeed (fsync(2)).
   */
  #lost: { readonly error: unknown } | undefined

  /** Creates the file, which must not exist. */
  constructor(partial: string) {
    this.#partial = partial
    this.#fd = openSync(partial, FLAGS, 0o600)
  }

  get size(): number {
    return this.#size
  }

  /** Takes ownership of the frames' memory. */
  async write(frames: readonly Buffer[]): Promise<void> {
    let left = frames.filter(({ length }) => length > 0)
    while (left.length > 0) {
      // When the disk is almost full, a write may be short; the next write then reports the error.
      let { bytesWritten } = await promisify(writev)(this.#open(), left)
      this.#size += bytesWritten
      this.#syncBehind(bytesWritten)
      const rest: Buffer[] = []
      for (const frame of left) {
        const written = Math.min(bytesWritten, frame.length)
        bytesWritten -= written
        if (written < frame.length) rest.push(frame.subarray(written))
        else freeMemory(frame)
      }
      left = rest
    }
  }

  /** Continues while the next frames are sealed and written. */
  #syncBehind(written: number): void {
    this.#unsynced += written
    if (this.#unsynced < SYNC_BYTES || this.#syncing) return
    this.#unsynced = 0
    this.#syncing = promisify(fdatasync)(this.#open())
      .catch((error: unknown) => {
        this.#lost = { error }
      })
      .finally(() => {
        this.#syncing = undefined
      })
  }

  /** Gives the file its name. If that fails, it can be tried again. */
  place(path: string): void {
    linkSync(this.#partial, path)
  }

  /** The same, returning whether it succeeded. */
  tryPlace(path: string): boolean {
    try {
      this.place(path)
      return true
    } catch {
      return false
    }
  }

  /** Resolves when the content is durable, and has only the name that `place` gave it. */
  async sync(): Promise<void> {
    const fd = this.#open()
    await this.#syncing
    await promisify(fsync)(fd)
    if (this.#lost) throw this.#lost.error
    this.#fd = undefined
    await promisify(close)(fd)
    this.#removePartial()
  }

  /**
   * Closes the file, and removes its first name unless `sync` has. Whoever closes a stream cannot
   * do that: this thread may only now be creating the file.
   */
  async close(): Promise<void> {
    await this.#syncing
    if (this.#fd === undefined) return
    closeSync(this.#fd)
    this.#fd = undefined
    this.#removePartial()
  }

  #removePartial(): void {
    try {
      unlinkSync(this.#partial)
    } catch {
      // Whoever sweeps partial files removes it.
    }
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error('the file is closed')
    return this.#fd
  }
}
