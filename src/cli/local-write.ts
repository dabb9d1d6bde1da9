import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../lib/errors.js'
import { CommandError } from './command-error.js'
import { writeBehind } from './write-behind.js'

/** A folder for opened studies, accessible only to its owner. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeError(path, error)
  })
}

/**
 * A hidden name next to `target` or in `folder`: on the same file system, so that the rename is
 * atomic.
 */
export const temporaryName = (folder: string): string =>
  join(folder, `.${randomBytes(8).toString('hex')}.tmp`)

/**
 * Writes a file atomically: temporary name, mode 0600, fsync, rename, fsync of the folder. `check`
 * runs after the last byte and before the rename: if it throws, nothing is left behind.
 *
 * @throws CommandError when the file cannot be written; also whatever `content` and `check` throw.
 */
export async function writeWhole(
  target: string,
  content: AsyncIterable<Uint8Array>,
  options: {
    readonly temporaryFolder?: string
    readonly check?: () => void | Promise<void>
    /** False: an existing file is an error and is left unchanged. */
    readonly mayReplace?: boolean
    /** False: the caller syncs the folder with `syncFolder` after writing many files. */
    readonly syncsFolder?: boolean
  } = {},
): Promise<void> {
  if (options.mayReplace === false) await checkFree(target)
  const temporary = temporaryName(options.temporaryFolder ?? dirname(target))
  try {
    await writeNew(temporary, content)
    await options.check?.()
    // Checked again: another file may have taken the name in the meantime.
    if (options.mayReplace === false) await checkFree(target)
    await rename(temporary, target).catch((error: unknown) => {
      throw writeError(target, error)
    })
    if (options.syncsFolder !== false) await syncFolder(dirname(target))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** @throws CommandError `file_exists` when the name is taken */
export async function checkFree(path: string): Promise<void> {
  const isTaken = await lstat(path).then(
    () => true,
    () => false,
  )
  if (isTaken) throw fileExists(path)
}

/**
 * Creates a file of mode 0600 and makes it durable. @throws CommandError when the file exists
 */
export async function writeNew(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw writeError(path, error)
  })
  try {
    await writeBehind(file, content, (error) => writeError(path, error))
  } finally {
    await file.close()
  }
}

/** @throws CommandError when the file exists: a key is never overwritten */
export async function writeNewText(path: string, text: string): Promise<void> {
  await writeNew(path, once(Buffer.from(text)))
}

export async function writeWholeText(path: string, text: string): Promise<void> {
  await writeWhole(path, once(Buffer.from(text)))
}

/** Makes a folder's entries durable. */
export async function syncFolder(path: string, platform = process.platform): Promise<void> {
  // Windows cannot open a folder; its file system journals the rename.
  if (platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** One buffer as a stream. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}

export function writeError(path: string, error: unknown): CommandError {
  if (systemCode(error) === 'EEXIST') return fileExists(path)
  if (systemCode(error) === 'ENOSPC') {
    return new CommandError('the disk is full', {
      code: 'disk_full',
      hint: 'free space on the disk and run the same command again',
      cause: error,
    })
  }
  return new CommandError(`a file cannot be written: ${path}`, {
    code: 'file_unwritable',
    hint: 'check the folder and its permissions',
    cause: error,
  })
}

const fileExists = (path: string) =>
  new CommandError(`the file already exists: ${path}`, {
    code: 'file_exists',
    hint: 'choose another name; existing files are never overwritten',
  })
