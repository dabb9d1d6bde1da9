import { open } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { systemCode } from '../lib/errors.js'
import { fileText } from '../lib/text-file.js'
import type { SiteProblem } from './site-config.js'

/**
 * The result of reading a file of the site: its content, or a readable reason why there is none.
 */
export type FileReading =
  | { readonly text: string; readonly mode: number; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: Omit<SiteProblem, 'path'> }

/**
 * Certificates with many signatures reach about 100 KB; no file that a site names is larger than
 * this.
 */
const MAX_FILE_BYTES = 1024 * 1024

/** Makes a path from the YAML absolute. */
export const resolvePath = (dir: string, path: string) =>
  isAbsolute(path) ? path : join(dir, path)

/**
 * Reads a small text file, or an OpenPGP key in binary as its armor. `name` is used in messages,
 * `hint` says where the file comes from.
 */
export async function readText(path: string, name: string, hint: string): Promise<FileReading> {
  try {
    const file = await open(path, 'r')
    try {
      const { mode, size } = await file.stat()
      // For root, opening succeeds in any case; the service, running as the owner, would fail.
      if (process.platform !== 'win32' && (mode & 0o444) === 0)
        return { problem: unreadable(name, path) }
      if (size > MAX_FILE_BYTES) return { problem: { problem: `${name} is over 1 MiB`, hint } }
      const buffer = Buffer.alloc(MAX_FILE_BYTES + 1)
      let length = 0
      // A file may grow while it is read, or be a device without a size: the buffer is the limit.
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
        if (bytesRead === 0) break
        length += bytesRead
        if (length > MAX_FILE_BYTES) return { problem: { problem: `${name} is over 1 MiB`, hint } }
      }
      if (length === 0) return { problem: { problem: `${name} is empty`, hint } }
      return { text: fileText(buffer.subarray(0, length)), mode: mode & 0o777 }
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EACCES' || code === 'EPERM') return { problem: unreadable(name, path) }
    if (code === 'EISDIR') return { problem: { problem: `${name} is a folder, not a file`, hint } }
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { problem: { problem: `the file ${name} does not exist`, hint } }
    return { problem: { problem: `${name} cannot be read (${code ?? 'unknown'})`, hint } }
  }
}

const unreadable = (name: string, path: string) => ({
  problem: `${name} cannot be read by this user`,
  hint: `run chmod u+r ${path} as its owner, and make sure that the gateway runs as that user`,
})

/** Creates a file, durable when the promise resolves. @throws EEXIST */
export async function writeNew(path: string, content: string, mode: 0o600 | 0o644): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(content)
    // The umask may have removed bits; it never adds any.
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a folder's entries durable. Neither possible nor necessary on Windows. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The same for the folder that contains `path`. */
export const syncParent = (path: string) => syncFolder(dirname(path))
