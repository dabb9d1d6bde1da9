import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes the folder and those above it, and returns the first that it made. Unlike `mkdir` with
 * `recursive`, it ends where a system refuses to make a folder as if its parent were missing, such
 * as in /proc, where that call never returns.
 *
 * @throws the system's error, such as `ENOENT` or `EACCES`
 */
export async function makeFolder(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode })
    return path
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(path)
    if (code === 'EEXIST' && (await isFolder(path))) return undefined
    if (code !== 'ENOENT' || parent === path || (await isFolder(parent))) throw error
    const first = await makeFolder(parent, mode)
    return (await makeFolder(path, mode)) === undefined ? first : (first ?? path)
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
