/**
 * Files of a published log in a folder.
 *
 * - ROOT/log/<path>: a complete file, linked or renamed into place after an fsync.
 * - ROOT/.partial/<random>: a file being written; the object store's sweep removes what a killed
 *   process leaves.
 */
import { constants } from 'node:fs'
import { link, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NocturneError, systemCode } from '../lib/errors.js'
import { makeFolder } from './make-folder.js'
import { randomName } from '../lib/ids.js'
import { onDisk } from './files-error.js'
import { Folders } from './folders.js'
import type { AlteredFile, FilesStoreConfig, LogFiles } from './contract.js'
import { MAX_LOG_FILE, requireLogPath } from './log-paths.js'

/**
 * @throws NocturneError `store_unavailable` or `store_full` when the folder cannot be created
 */
export async function openLogFolder(config: FilesStoreConfig): Promise<LogFiles> {
  await onDisk(() => makeFolder(join(config.path, '.partial'), 0o700))
  return new LogFolder(config.path)
}

class LogFolder implements LogFiles {
  readonly #root: string
  readonly #folders: Folders

  constructor(root: string) {
    this.#root = root
    this.#folders = new Folders(root)
  }

  isLocked(): Promise<boolean> {
    return Promise.resolve(false)
  }

  async putOnce(path: string, bytes: Buffer): Promise<boolean> {
    const there = await this.read(path)
    if (there) return there.equals(bytes)
    return this.#write(path, bytes, async (partial, target) => {
      try {
        await link(partial, target)
      } catch (error) {
        // Another process was first; its content decides the result.
        if (systemCode(error) !== 'EEXIST') throw error
        return (await readFile(target)).equals(bytes)
      } finally {
        await unlink(partial)
      }
      return true
    })
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    await this.#write(path, bytes, async (partial, target) => {
      await rename(partial, target)
      return true
    })
  }

  async read(path: string): Promise<Buffer | undefined> {
    const target = this.#path(path)
    return onDisk(async () => {
      try {
        if ((await stat(target)).size > MAX_LOG_FILE) throw new NocturneError('store_unavailable')
        return await readFile(target)
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    })
  }

  async *names(folder: string, after = ''): AsyncGenerator<string, void, undefined> {
    const names = await onDisk(() =>
      readdir(this.#path(folder)).catch((error: unknown) => {
        if (isAbsent(error)) return []
        throw error
      }),
    )
    yield* names.filter((name) => name > after).sort()
  }

  async removeFolder(folder: string): Promise<void> {
    await onDisk(() => rm(this.#path(folder), { recursive: true, force: true }))
  }

  async remove(path: string): Promise<boolean> {
    await onDisk(() => rm(this.#path(path), { force: true }))
    return true
  }

  lockedUntil(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  /** A folder keeps no versions. */
  async *altered(): AsyncGenerator<AlteredFile, void, undefined> {
    // Nothing can be altered in this sense.
  }

  /** No resources are held between calls. */
  async close(): Promise<void> {
    await Promise.resolve()
  }

  /**
   * Writes durably under a partial name, calls `place` to move the file, and makes its new name
   * durable.
   */
  async #write(
    path: string,
    bytes: Buffer,
    place: (partial: string, target: string) => Promise<boolean>,
  ): Promise<boolean> {
    const target = this.#path(path)
    const folder = dirname(target)
    const partial = join(this.#root, '.partial', randomName())
    const release = this.#folders.hold(folder)
    try {
      return await onDisk(async () => {
        await writeDurably(partial, bytes)
        await this.#folders.make(folder)
        const isPlaced = await place(partial, target)
        await this.#folders.sync(folder)
        return isPlaced
      })
    } catch (error) {
      await unlink(partial).catch(() => undefined)
      throw error
    } finally {
      release()
    }
  }

  #path(path: string): string {
    requireLogPath(path)
    return join(this.#root, 'log', path)
  }
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const isAbsent = (error: unknown): boolean =>
  systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR'
