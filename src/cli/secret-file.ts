import { open } from 'node:fs/promises'
import { fileText } from '../lib/text-file.js'
import { CommandError, fileError } from './command-error.js'
import type { Output } from './output.js'

const MAX_SMALL_BYTES = 1024 * 1024

/**
 * A key, certificate or other text: never larger than 1 MiB. Binary keys are returned as armor.
 *
 * @throws CommandError `file_unreadable`
 */
export async function readSmallText(path: string): Promise<string> {
  return fileText((await readSmall(path)).bytes)
}

/**
 * The same for a file that contains a secret: warns when users other than its owner may read it.
 */
export async function readSecretText(
  path: string,
  output: Pick<Output, 'warn'>,
  platform = process.platform,
): Promise<string> {
  return (await readSecretBytes(path, output, platform)).toString('utf8')
}

/** A private key may be binary. */
export async function readSecretBytes(
  path: string,
  output: Pick<Output, 'warn'>,
  platform = process.platform,
): Promise<Buffer> {
  const { bytes, mode } = await readSmall(path)
  // On Windows, Node invents the mode: every file looks readable by others.
  if (platform !== 'win32' && (mode & 0o077) !== 0) {
    output.warn(`other users can read ${path}; run chmod 600 on it`)
  }
  return bytes
}

/** A bearer token. A file with any other content is not sent anywhere. */
export async function readToken(path: string, output: Output): Promise<string> {
  const token = (await readSecretText(path, output)).trim()
  if (/^[A-Za-z0-9._~+/=-]{1,1000}$/.test(token)) return token
  throw new CommandError(`the file does not contain a token: ${path}`, {
    hint: 'give a token file: one line, as written by `nocturne token issue` or `nocturne sign-in`',
    code: 'file_unreadable',
  })
}

/** A passphrase: the content of the file without its final line break. */
export async function readPassphrase(path: string, output: Output): Promise<string> {
  return (await readSecretText(path, output)).replace(/\r?\n$/, '')
}

async function readSmall(path: string): Promise<{ bytes: Buffer; mode: number }> {
  try {
    const file = await open(path, 'r')
    try {
      const info = await file.stat()
      // A folder, a device or a huge file was given by mistake.
      if (!(info.isFile() || info.isFIFO()) || info.size > MAX_SMALL_BYTES) {
        throw fileError(path, undefined)
      }
      const bytes = await file.readFile()
      return { bytes, mode: info.isFIFO() ? 0o600 : info.mode }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof CommandError ? error : fileError(path, error)
  }
}
