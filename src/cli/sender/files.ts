import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import { CommandError, fileError } from '../command-error.js'
import { mediaTypeOf } from '../../protocol/media-types.js'

export interface LocalFile {
  /** As given on the command line, or below a folder given there. */
  readonly path: string
  readonly size: number
  readonly mediaType: string
}

/** A folder given by mistake, such as the root, fails at this limit before it fills memory. */
const MAX_FILES = 200_000
const MAX_DEPTH = 32

/**
 * The files under the given paths: files themselves, and folders with everything below them in the
 * order of names (by code unit, so it is the same everywhere). Hidden files (such as `.DS_Store`)
 * inside folders are skipped. A symbolic link inside a folder counts only when its target lies in
 * that folder as well; a folder is never entered through a link, so there are no cycles. Each file
 * is listed once.
 *
 * @throws CommandError `file_unreadable`, and when there are no files or too many.
 */
export async function listFiles(paths: readonly string[]): Promise<readonly LocalFile[]> {
  const files = new Map<string, LocalFile>()
  for (const path of paths) {
    const info = await stat(path).catch((error: unknown) => {
      throw fileError(path, error)
    })
    const real = await realpath(path)
    if (info.isFile()) add(files, real, path, info.size)
    else if (info.isDirectory()) await walk(files, path, real, 0)
    else throw fileError(path, undefined)
  }
  if (files.size === 0) {
    throw new CommandError('the given paths contain no files', {
      code: 'no_files',
      hint: 'name hidden files one by one: inside folders they are skipped',
    })
  }
  return [...files.values()]
}

function add(files: Map<string, LocalFile>, real: string, path: string, size: number): void {
  if (files.size >= MAX_FILES) {
    throw new CommandError(`the given paths contain more than ${MAX_FILES} files`, {
      code: 'too_many_items',
      hint: 'give the folder of one study',
    })
  }
  if (!files.has(real)) files.set(real, { path, size, mediaType: mediaTypeOf(basename(path)) })
}

async function walk(
  files: Map<string, LocalFile>,
  folder: string,
  root: string,
  depth: number,
): Promise<void> {
  if (depth > MAX_DEPTH) throw fileError(folder, undefined)
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      await walk(files, path, root, depth + 1)
      continue
    }
    if (!entry.isFile() && !entry.isSymbolicLink()) continue
    const real = await realpath(path).catch(() => undefined)
    if (real?.startsWith(root.endsWith(sep) ? root : root + sep) !== true) continue
    const info = await stat(real)
    if (info.isFile()) add(files, real, path, info.size)
  }
}

/** Read and closed before anything below it is opened: one open folder at a time, at any depth. */
async function entriesOf(folder: string) {
  try {
    const entries = []
    for await (const entry of await opendir(folder)) {
      if (!entry.name.startsWith('.')) entries.push(entry)
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  } catch (error) {
    throw fileError(folder, error)
  }
}
