import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../lib/errors.js'
import { CommandError } from './command-error.js'
import { writeBehind } from './write-behind.js'

/** A folder for opened studies: for its owner alone. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeError(path, error)
  })
}

/**
 * A hidden name beside `target` or in `folder`, on the same file system so that the rename is one
 * step.
 */
export const temporaryName = (folder: string): string =>
  join(folder, `.${randomBytes(8).toString('hex')}.tmp`)

/**
 * Writes a file that is there whole or not at all: temporary name, mode 0600, fsync, rename, fsync
 * of the folder. `check` runs after the last byte and before the rename: what it throws leaves
 * nothing behind.
 *
 * @throws CommandError when the disk refuses, or what `content` and `check` throw.
 */
export async function writeWhole(
  target: string,
  content: AsyncIterable<Uint8Array>,
  options: {
    readonly temporaryFolder?: string
    readonly check?: () => void | Promise<void>
    /** False: a file that is there already is an error and stays as it is. */
    readonly mayReplace?: boolean
    /** False: the caller does, by `syncFolder`, when it has written many files. */
    readonly syncsFolder?: boolean
  } = {},
): Promise<void> {
  if (options.mayReplace === false) await checkFree(target)
  const temporary = temporaryName(options.temporaryFolder ?? dirname(target))
  try {
    await writeNew(temporary, content)
    await options.check?.()
    // Again: another file may have got the name while this one was written.
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

/** @throws CommandError `file_exists` when there is something of that name */
export async function checkFree(path: string): Promise<void> {
  const isTaken = await lstat(path).then(
    () => true,
    () => false,
  )
  if (isTaken) throw fileExists(path)
}

/**
 * Creates a file of mode 0600 and makes it durable.
 * @throws CommandError when there is one already
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

/** @throws CommandError when there is a file already: a key is never written over */
export async function writeNewText(path: string, text: string): Promise<void> {
  await writeNew(path, once(Buffer.from(text)))
}

export async function writeWholeText(path: string, text: string): Promise<void> {
  await writeWhole(path, once(Buffer.from(text)))
}

/** Makes the names in a folder durable. */
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
      hint: 'make room and run the same command again',
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
  new CommandError(`there is a file already: ${path}`, {
    code: 'file_exists',
    hint: 'choose another name; nothing is written over',
  })
