/**
 * Paths of this machine as bytes. A name on disk need not be UTF-8: archives of older systems have
 * names in Latin-1 and others, and a name that was decoded wrongly opens nothing.
 */
import { readdir, stat } from 'node:fs/promises'
import { dirname, sep } from 'node:path'

const SEPARATOR = Buffer.from(sep)
const utf8 = new TextDecoder('utf-8', { fatal: true })

export const bytesOf = (path: string | Buffer): Buffer =>
  typeof path === 'string' ? Buffer.from(path) : path

/** A string as long as it says the same. */
function narrow(path: Buffer): string | Buffer {
  try {
    return utf8.decode(path)
  } catch {
    return path
  }
}

/** The entry `name` of a folder. */
export function below(folder: string | Buffer, name: Buffer): string | Buffer {
  const start = bytesOf(folder)
  const isEnded = start.subarray(-SEPARATOR.length).equals(SEPARATOR)
  return narrow(Buffer.concat(isEnded ? [start, name] : [start, SEPARATOR, name]))
}

/** To show: bytes that are no UTF-8 as `\xE9`. */
export function printablePath(path: string | Buffer): string {
  const text = typeof path === 'string' ? path : narrow(path)
  if (typeof text === 'string') return text
  let shown = ''
  for (let at = 0; at < text.length;) {
    const length = [1, 2, 3, 4].find((n) => typeof narrow(text.subarray(at, at + n)) === 'string')
    const piece = text.subarray(at, at + (length ?? 1))
    shown += length === undefined ? `\\x${piece.toString('hex').toUpperCase()}` : piece.toString()
    at += piece.length
  }
  return shown
}

/** By byte, so that the order is the same on every machine. */
export const byName = (a: { readonly name: Buffer }, b: { readonly name: Buffer }): number =>
  Buffer.compare(a.name, b.name)

/**
 * A path from the command line. Node decodes it as UTF-8 and loses every other byte: the one
 * entry of the folder that reads the same is then the one that was meant.
 */
export async function resolveArgument(path: string): Promise<string | Buffer> {
  if (!path.includes('\uFFFD') || (await isThere(path))) return path
  const parts = path.split(sep)
  let found: string | Buffer = path.startsWith(sep) ? sep : '.'
  for (const part of parts) {
    if (part === '') continue
    const entries: readonly Buffer[] = await readdir(found, { encoding: 'buffer' }).catch(() => [])
    const alike = entries.filter((entry) => entry.toString() === part)
    const [only] = alike
    if (only === undefined || alike.length > 1) {
      if (part !== '.' && part !== '..') return path
      found = below(found, Buffer.from(part))
    } else {
      found = below(found, only)
    }
  }
  return dirname(path) === path ? path : found
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
