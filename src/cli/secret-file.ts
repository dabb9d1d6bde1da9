import { open } from 'node:fs/promises'
import { CommandError, fileError } from './command-error.js'
import type { Output } from './output.js'

const MAX_SMALL_BYTES = 1024 * 1024

/** A key, certificate or token: never larger than 1 MiB. @throws CommandError `file_unreadable` */
export async function readSmallText(path: string): Promise<string> {
  return (await readSmall(path)).text
}

/** The same of a file that holds a secret: warns when others than its owner may read it. */
export async function readSecretText(
  path: string,
  output: Pick<Output, 'warn'>,
  platform = process.platform,
): Promise<string> {
  const { text, mode } = await readSmall(path)
  // On Windows Node makes the mode up: every file looks as if others could read it.
  if (platform !== 'win32' && (mode & 0o077) !== 0) {
    output.warn(`others can read ${path}; run chmod 600 on it`)
  }
  return text
}

/** A bearer token. Whatever else the file holds is not sent anywhere. */
export async function readToken(path: string, output: Output): Promise<string> {
  const token = (await readSecretText(path, output)).trim()
  if (/^[A-Za-z0-9._~+/=-]{1,1000}$/.test(token)) return token
  throw new CommandError(`the file does not hold a token: ${path}`, {
    hint: 'a token file holds one line that `nocturne token issue` or `nocturne sign-in` wrote',
    code: 'file_unreadable',
  })
}

/** A passphrase: the first line of the file, or all of it but the line break at its end. */
export async function readPassphrase(path: string, output: Output): Promise<string> {
  return (await readSecretText(path, output)).replace(/\r?\n$/, '')
}

async function readSmall(path: string): Promise<{ text: string; mode: number }> {
  try {
    const file = await open(path, 'r')
    try {
      const info = await file.stat()
      // A folder, a device or a huge file is not what was meant.
      if (!(info.isFile() || info.isFIFO()) || info.size > MAX_SMALL_BYTES) {
        throw fileError(path, undefined)
      }
      const text = await file.readFile('utf8')
      return { text, mode: info.isFIFO() ? 0o600 : info.mode }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof CommandError ? error : fileError(path, error)
  }
}
