import { open, readdir, realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { CommandError, fileError } from '../command-error.js'
import { mediaTypeOf } from '../../protocol/media-types.js'
import { isSystemFile, SYSTEM_FILE_LOOK } from '../../receive/index.js'
import { below, byName, bytesOf, printablePath, resolveArgument } from './local-path.js'

export interface LocalFile {
  /** As given on the command line, or below a folder given there; to show. */
  readonly path: string
  /** To open: bytes where the name is not UTF-8. */
  readonly at: string | Buffer
  readonly size: number
  readonly mediaType: string
}

/** Why something below a folder is not among the files. */
export type LeftOutReason =
  /** A symbolic link that leads out of the folder that was named, or nowhere. */
  | 'link'
  /** A hidden file or folder. */
  | 'hidden'
  /** A file of the operating system, such as `.DS_Store`. */
  | 'system'
  /** No file: a socket, a pipe, a device. */
  | 'special'

export interface LeftOut {
  readonly path: string
  readonly why: LeftOutReason
}

export interface Listed {
  readonly files: readonly LocalFile[]
  readonly leftOut: readonly LeftOut[]
}

/** A folder given by mistake, such as the root, fails at this limit before it fills memory. */
const MAX_FILES = 200_000
const MAX_DEPTH = 32
/** Folders that systems put on a medium; files of theirs are told by their content as well. */
const SYSTEM_FOLDERS = /^(\.Spotlight-V100|\.Trashes|\.fseventsd|\.TemporaryItems)$/

/**
 * Everything under the paths given, the files and what is left out: files as they are, folders with
 * everything below in the order of their names (by byte, so it is the same everywhere). Hidden
 * files are left out inside folders. A symbolic link inside a folder counts only when its target
 * lies in that folder as well; a folder is never entered through a link, so there are no cycles.
 * Each file is listed once.
 *
 * @throws CommandError `file_unreadable`, and when there are no files or too many.
 */
export async function listFiles(paths: readonly string[]): Promise<Listed> {
  const walk = new Walk()
  for (const path of paths) await walk.add(await resolveArgument(path))
  if (walk.files.size === 0) {
    throw new CommandError('the given paths contain no files', {
      code: 'no_files',
      hint: 'name hidden files one by one: inside folders they are left out',
      details: walk.leftOut.slice(0, 20).map(({ path, why }) => `${why}: ${path}`),
    })
  }
  return { files: [...walk.files.values()], leftOut: walk.leftOut }
}

class Walk {
  /** By their real path, in Latin-1, so that no two names fall together. */
  readonly files = new Map<string, LocalFile>()
  readonly leftOut: LeftOut[] = []

  async add(path: string | Buffer): Promise<void> {
    const info = await stat(path).catch((error: unknown) => {
      throw fileError(printablePath(path), error)
    })
    const real = await realpath(path, { encoding: 'buffer' })
    if (info.isFile()) this.#keep(real, path, info.size)
    else if (info.isDirectory()) await this.#folder(path, real, 0)
    else throw fileError(printablePath(path), undefined)
  }

  async #folder(folder: string | Buffer, root: Buffer, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw fileError(printablePath(folder), undefined)
    const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch(
      (error: unknown) => {
        throw fileError(printablePath(folder), error)
      },
    )
    for (const entry of entries.sort(byName)) {
      const path = below(folder, entry.name)
      const name = printablePath(entry.name)
      if (await isSystems(path, name, entry)) this.#leave(path, 'system')
      else if (name.startsWith('.')) this.#leave(path, 'hidden')
      else if (entry.isDirectory()) await this.#folder(path, root, depth + 1)
      else if (entry.isFile() || entry.isSymbolicLink()) await this.#file(path, root)
      else this.#leave(path, 'special')
    }
  }

  async #file(path: string | Buffer, root: Buffer): Promise<void> {
    const real = await realpath(path, { encoding: 'buffer' }).catch(() => undefined)
    if (!real || !isBelow(real, root)) {
      this.#leave(path, 'link')
      return
    }
    const info = await stat(real)
    if (info.isFile()) this.#keep(real, path, info.size)
    // A link to a folder that is listed separately.
    else if (!info.isDirectory()) this.#leave(path, 'special')
  }

  #keep(real: Buffer, at: string | Buffer, size: number): void {
    this.#bound(this.files.size)
    const key = real.toString('latin1')
    const path = printablePath(at)
    if (!this.files.has(key))
      this.files.set(key, { path, at, size, mediaType: mediaTypeOf(basename(path)) })
  }

  #leave(path: string | Buffer, why: LeftOutReason): void {
    this.#bound(this.leftOut.length)
    this.leftOut.push({ path: printablePath(path), why })
  }

  #bound(count: number): void {
    if (count < MAX_FILES) return
    throw new CommandError(`the given paths contain more than ${MAX_FILES} files`, {
      code: 'too_many_items',
      hint: 'give the folder of one study',
    })
  }
}

interface Entry {
  isDirectory(): boolean
  isFile(): boolean
}

async function isSystems(path: string | Buffer, name: string, entry: Entry): Promise<boolean> {
  if (entry.isDirectory()) return SYSTEM_FOLDERS.test(name)
  if (!entry.isFile() || !/^\.|\.(db|ini)$/i.test(name)) return false
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return false
  try {
    const head = Buffer.alloc(SYSTEM_FILE_LOOK)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    return isSystemFile(name, head.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}

/** Also for the folder itself: a link to it leads to nothing new. */
function isBelow(real: Buffer, root: Buffer): boolean {
  if (real.equals(root)) return true
  const prefix = bytesOf(below(root, Buffer.alloc(0)))
  return real.subarray(0, prefix.length).equals(prefix)
}
