/** What a sealing thread writes itself: a new file, from its first octet until it is durable. */
import { closeSync, constants, fdatasync, fsync } from 'node:fs'
import { linkSync, openSync, unlinkSync, writev, writevSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { createSharedRuns } from '../lib/disk/shared-runs.js'
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
    for (let left = filled(frames); left.length > 0;) {
      const { bytesWritten } = await promisify(writev)(this.#open(), left)
      this.#syncBehind(bytesWritten)
      left = this.#after(left, bytesWritten)
    }
  }

  /** The same for at most a block, which goes into the system's memory in place. */
  writeAtOnce(frames: readonly Buffer[]): void {
    for (let left = filled(frames); left.length > 0;)
      left = this.#after(left, writevSync(this.#open(), left))
  }

  /** When the disk is almost full, a write may be short; the next write then reports the error. */
  #after(frames: readonly Buffer[], bytesWritten: number): Buffer[] {
    this.#size += bytesWritten
    const rest: Buffer[] = []
    let count = bytesWritten
    for (const frame of frames) {
      const written = Math.min(count, frame.length)
      count -= written
      if (written < frame.length) rest.push(frame.subarray(written))
      else freeMemory(frame)
    }
    return rest
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

  /**
   * Gives the file its name, and makes content and name durable, both at once. Returns false if it
   * cannot have the name; it can then be given another.
   */
  async placeDurably(path: string): Promise<boolean> {
    try {
      this.place(path)
    } catch {
      return false
    }
    const synced = await Promise.allSettled([this.sync(), syncFolder(dirname(path))])
    for (const one of synced) {
      if (one.status === 'fulfilled') continue
      remove(path)
      throw one.reason
    }
    return true
  }

  /** Resolves when the content is durable, and has only the name that `place` gave it. */
  async sync(): Promise<void> {
    const fd = this.#open()
    await this.#syncing
    await promisify(fsync)(fd)
    if (this.#lost) throw this.#lost.error
    this.#fd = undefined
    // Nothing is left to write, so this does not wait for the disk.
    closeSync(fd)
    remove(this.#partial)
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
    remove(this.#partial)
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error('the file is closed')
    return this.#fd
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Whoever sweeps partial files, or objects that nothing names, removes it.
  }
}

const filled = (frames: readonly Buffer[]): Buffer[] => frames.filter(({ length }) => length > 0)

/** Makes the names in a folder durable; streams that wait share an fsync. */
const syncFolder = createSharedRuns(async (folder) => {
  const fd = openSync(folder, constants.O_RDONLY)
  try {
    await promisify(fsync)(fd)
  } finally {
    closeSync(fd)
  }
})
