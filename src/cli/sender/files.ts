import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import { CommandError, fileError } from '../command-error.js'
import { mediaTypeOf } from '../../protocol/media-types.js'

export interface LocalFile {
  /** As the person named it, or below the folder they named. */
  readonly path: string
  readonly size: number
  readonly mediaType: string
}

/** A folder that was named by mistake, such as the root, ends here and not in memory. */
const MAX_FILES = 200_000
const MAX_DEPTH = 32

/**
 * The files under the paths given: files as they are, folders with everything below in the order of
 * their names (by code unit, so it is the same everywhere). Hidden files (`.DS_Store` and its kin)
 * are left out inside folders. A symbolic link inside a folder counts only when its target lies in
 * that folder as well; a folder is never entered through a link, so there are no cycles. Each file
 * is listed once.
 *
 * @throws CommandError `file_unreadable`, and when there are too many files or none.
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
    throw new CommandError('there are no files in what was named', {
      code: 'no_files',
      hint: 'hidden files inside folders are left out; name them one by one',
    })
  }
  return [...files.values()]
}

function add(files: Map<string, LocalFile>, real: string, path: string, size: number): void {
  if (files.size >= MAX_FILES) {
    throw new CommandError(`there are more than ${MAX_FILES} files in what was named`, {
      code: 'too_many_items',
      hint: 'name the folder of one study',
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

/** Read and closed before anything below is opened: one open folder at a time, however deep. */
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
