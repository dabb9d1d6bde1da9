/**
 * Objects as files.
 *
 * - ROOT/<key>.sealed: a complete object. Keys contain no dot, so `a` and `a/b` can both be
 *   objects.
 * - ROOT/.partial/<random>: an object being written, or what a killed process left of one.
 *
 * The steps of a put, and what is true after a crash following each step:
 * 1. Write .partial/<random>. A leftover file exists, which `sweepPartial` removes; nothing is
 *    under the key.
 * 2. Link the file to its key. If only the process was killed, the object is complete. After a
 *    power failure it may be missing, or there without its content; nothing refers to it, because
 *    the put has not resolved, and whoever sweeps unreferenced objects finds it through `list`.
 * 3. fsync the file and the key's folder, both at once: one commit of the file system's journal
 *    usually serves both, and the puts that run meanwhile. After one of the two, as after step 2.
 *    After both, the object exists; only now is it acknowledged.
 * 4. Unlink the partial name. Before this, a complete object has a second name, which
 *    `sweepPartial` removes.
 *
 * A thread that seals a short object takes it through all of these steps itself.
 *
 * link(2) fails if the key already exists, where rename(2) would replace it. A failed fsync is
 * never retried: the kernel may have dropped the pages and would report success.
 */
import { opendir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NocturneError, systemCode } from '../lib/errors.js'
import { makeFolder } from './make-folder.js'
import { randomName } from '../lib/ids.js'
import type { SealedStream } from '../seal/index.js'
import { readFileRange } from './file-range.js'
import { filesError, onDisk } from './files-error.js'
import { Folders, syncFolder } from './folders.js'
import type { ByteRange, FilesStoreConfig, ObjectStore, StoredItem } from './contract.js'
import { isKey, requireKey, requireRange } from './keys.js'
import { written } from './written.js'
import type { Source, WrittenFile } from './written.js'

const ENDING = '.sealed'
const PROBE = Buffer.from('nocturne store check\n')

/**
 * Opens the folder, creating it if necessary.
 * @throws NocturneError `store_unavailable`, `store_full`
 */
export async function openFilesStore(config: FilesStoreConfig): Promise<ObjectStore> {
  const partial = join(config.path, '.partial')
  await onDisk(async () => {
    const made = await makeFolder(partial, 0o700)
    // Syncs the parent of the first new folder and every new folder below it, so that all their
    // names are durable.
    for (let one = made && dirname(partial); made && one; one = dirname(one)) {
      await syncFolder(one)
      if (one === dirname(made)) break
    }
  })
  return new FilesStore(config.path, partial)
}

class FilesStore implements ObjectStore {
  readonly kind = 'files'
  readonly #root: string
  readonly #partial: string
  readonly #folders: Folders
  /** Partial files that this process is writing. The sweep skips them whatever their age. */
  readonly #living = new Set<string>()

  constructor(root: string, partial: string) {
    this.#root = root
    this.#partial = partial
    this.#folders = new Folders(root)
  }

  async put(key: string, sealed: SealedStream): Promise<StoredItem> {
    requireKey(key)
    const path = this.#path(key)
    const release = this.#folders.hold(dirname(path))
    try {
      const size = await this.#write(sealed, path)
      return { key, size } as StoredItem
    } finally {
      release()
    }
  }

  async get(key: string, range?: ByteRange): Promise<AsyncIterable<Buffer>> {
    if (range) requireRange(range)
    const size = await this.size(key)
    const { start, end } = range ?? { start: 0, end: (size ?? 0) - 1 }
    if (size === undefined || end >= size) throw new NocturneError('object_missing')
    return readFileRange(this.#path(key), start, end - start + 1)
  }

  async size(key: string): Promise<number | undefined> {
    requireKey(key)
    try {
      return (await stat(this.#path(key))).size
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw filesError(error)
    }
  }

  async delete(key: string): Promise<void> {
    requireKey(key)
    const path = this.#path(key)
    const folder = dirname(path)
    const release = this.#folders.hold(folder)
    try {
      await unlink(path)
      // Without this, a power failure could bring the object back.
      await this.#folders.sync(folder)
    } catch (error) {
      if (!isAbsent(error)) throw filesError(error)
    } finally {
      release()
    }
    await this.#folders.removeEmpty(folder)
  }

  async *list(prefix: string): AsyncGenerator<string, void, undefined> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const key of this.#walk(folder)) if (key.startsWith(prefix)) yield key
  }

  async sweepPartial(olderThanMs: number, now: number): Promise<number> {
    const before = now - olderThanMs
    let removed = 0
    await onDisk(async () => {
      for await (const entry of await opendir(this.#partial)) {
        const path = join(this.#partial, entry.name)
        if (this.#living.has(path)) continue
        try {
          // A live process updates this time with every write.
          if ((await stat(path)).mtimeMs > before) continue
          await unlink(path)
          removed += 1
        } catch (error) {
          if (!isAbsent(error)) throw error
        }
      }
    })
    return removed
  }

  async check(): Promise<void> {
    const path = join(this.#partial, `${randomName()}.check`)
    this.#living.add(path)
    try {
      await this.#write({ bytes: [PROBE] }, path)
      const read: Buffer[] = []
      for await (const chunk of readFileRange(path, 0, PROBE.length)) read.push(chunk)
      if (!Buffer.concat(read).equals(PROBE)) throw new NocturneError('store_unavailable')
    } finally {
      await unlink(path).catch(() => undefined)
      this.#living.delete(path)
    }
  }

  /** No resources are held between calls. */
  async close(): Promise<void> {
    await Promise.resolve()
  }

  /** Steps 1 to 4 above; returns the size. The caller must hold the folder of `path`. */
  async #write(sealed: Source, path: string): Promise<number> {
    const partial = join(this.#partial, randomName())
    this.#living.add(partial)
    try {
      const isKnown = this.#folders.isKnown(dirname(path))
      const file = await written(sealed, partial, isKnown ? path : undefined)
      try {
        if (file.isDurable !== true) await onDisk(() => this.#place(file, path))
      } finally {
        file.close()
      }
      return file.size
    } finally {
      this.#living.delete(partial)
    }
  }

  async #place(file: WrittenFile, path: string): Promise<void> {
    const folder = dirname(path)
    if (folder !== this.#partial) await this.#folders.make(folder)
    await placeNew(file, path).catch(async (error: unknown) => {
      if (systemCode(error) !== 'ENOENT' || folder === this.#partial) throw error
      // The sweep of another process has removed the folder, because the upload lost its lease.
      // That is what the commit then says; the disk has no fault.
      this.#folders.forget(folder)
      await this.#folders.make(folder)
      await placeNew(file, path)
    })
    const synced = await Promise.allSettled([file.sync(), this.#folders.sync(folder)])
    for (const one of synced) {
      if (one.status === 'fulfilled') continue
      await unlink(path).catch(() => undefined)
      throw one.reason
    }
  }

  async *#walk(folder: string): AsyncGenerator<string, void, undefined> {
    const entries = await opendir(join(this.#root, folder)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined
      throw filesError(error)
    })
    if (!entries) return
    for await (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.'))
        yield* this.#walk(`${folder}${entry.name}/`)
      const key = `${folder}${entry.name.slice(0, -ENDING.length)}`
      if (entry.isFile() && entry.name.endsWith(ENDING) && isKey(key)) yield key
    }
  }

  #path(key: string): string {
    return join(this.#root, `${key}${ENDING}`)
  }
}

async function placeNew(file: WrittenFile, path: string): Promise<void> {
  try {
    await file.place(path)
  } catch (error) {
    // Keys are random, so an existing key is a bug in the gateway, not a fault of the disk.
    if (systemCode(error) === 'EEXIST') throw new NocturneError('internal', { cause: error })
    throw error
  }
}

const isAbsent = (error: unknown): boolean =>
  systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR'
