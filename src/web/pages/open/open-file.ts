/**
 * Opens one sealed file to one file, using memory for a few chunks.
 *
 * Output goes to a hidden copy managed by the browser, which gets its name only on `close` (WHATWG
 * File System, FileSystemWritableFileStream): so a message that turns out to be truncated or
 * altered leaves nothing behind, and neither does a page that is closed midway.
 */
import { openMessage, own, webCiphers } from '../../../seal/browser.js'
import type { PrivateKey } from '../../../seal/browser.js'
import { NocturneError } from '../../../lib/errors.js'
import type { Failure } from './messages.js'
import { openedName } from '../../../protocol/opened-names.js'

const MAX_SAME_NAMES = 1000

export class OpenError extends Error {
  override readonly name = 'OpenError'
  readonly failure: Failure

  constructor(failure: Failure, cause: unknown) {
    super(failure, { cause })
    this.failure = failure
  }
}

export interface Opened {
  readonly name: string
  readonly size: number
}

export interface Sealed {
  readonly name: string
  readonly message: AsyncIterable<Uint8Array>
  /** Checks the content; if it throws, nothing is left behind. */
  readonly compare?: { readonly update: (bytes: Uint8Array) => void; readonly end: () => void }
}

/**
 * @throws OpenError `cannot_open`, `cannot_write`, and errors of `compare`; nothing is left then
 */
export async function openFile(
  sealed: Sealed,
  keys: readonly PrivateKey[],
  folder: FileSystemDirectoryHandle,
  onBytes: (bytes: Uint8Array) => void,
): Promise<Opened> {
  const { compare } = sealed
  const content = openMessage(watched(sealed.message, onBytes), keys, { ciphers: webCiphers })
  try {
    // The first chunk determines the file name; empty content has none.
    const first = await opening(content.next())
    const head = first.done === true ? new Uint8Array(0) : first.value
    const name = await freeName(folder, openedName(sealed.name, head))
    return { name, size: await write(folder, name, head, content, compare) }
  } finally {
    await content.return(undefined)
  }
}

async function write(
  folder: FileSystemDirectoryHandle,
  name: string,
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
  compare: Sealed['compare'],
): Promise<number> {
  const file = await writing(folder.getFileHandle(name, { create: true }))
  try {
    const target = await writing(file.createWritable())
    try {
      let size = head.length
      compare?.update(head)
      await writing(target.write(own(head)))
      for (let next; (next = await opening(rest.next())).done !== true;) {
        compare?.update(next.value)
        await writing(target.write(own(next.value)))
        size += next.value.length
      }
      compare?.end()
      await writing(target.close())
      return size
    } catch (error) {
      await target.abort().catch(() => undefined)
      throw error
    }
  } catch (error) {
    // The name was reserved before there was any content for it.
    await folder.removeEntry(name).catch(() => undefined)
    throw error
  }
}

async function freeName(folder: FileSystemDirectoryHandle, wanted: string): Promise<string> {
  for (let count = 1; count <= MAX_SAME_NAMES; count++) {
    const name = numbered(wanted, count)
    try {
      await folder.getFileHandle(name)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return name
      throw new OpenError('cannot_write', error)
    }
  }
  throw new OpenError('cannot_write', undefined)
}

/** `scan (2).dcm` if `scan.dcm` exists: existing files are never overwritten. */
function numbered(name: string, count: number): string {
  if (count === 1) return name
  const dot = name.lastIndexOf('.')
  return dot > 0 ? `${name.slice(0, dot)} (${count})${name.slice(dot)}` : `${name} (${count})`
}

const opening = <T>(step: Promise<T>): Promise<T> => named('cannot_open', step)
const writing = <T>(step: Promise<T>): Promise<T> => named('cannot_write', step)

async function named<T>(failure: Failure, step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (error) {
    const isForOther = error instanceof NocturneError && error.code === 'not_sealed_to_key'
    throw new OpenError(isForOther ? error.code : failure, error)
  }
}

async function* watched(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    onBytes(piece)
    yield piece
  }
}
