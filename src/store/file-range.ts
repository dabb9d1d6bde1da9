import { open } from 'node:fs/promises'
import { NocturneError, systemCode } from '../lib/errors.js'
import { filesError, onDisk } from './files-error.js'

const READ_BYTES = 512 * 1024

/**
 * Yields exactly `length` bytes from `start`. The file is opened on the first read, so an unused
 * reader leaves nothing open. The next block is read ahead while the current one is used.
 *
 * @throws NocturneError `object_missing` when the file is gone or ends early; `store_unavailable`
 */
export async function* readFileRange(
  path: string,
  start: number,
  length: number,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT'
      ? new NocturneError('object_missing', { cause: error })
      : filesError(error)
  })
  const readAt = async (offset: number): Promise<Buffer> => {
    const size = Math.min(READ_BYTES, length - offset)
    const { bytesRead, buffer } = await onDisk(() =>
      handle.read(Buffer.allocUnsafe(size), 0, size, start + offset),
    )
    return buffer.subarray(0, bytesRead)
  }
  let ahead: Promise<Buffer> | undefined
  try {
    for (let offset = 0; offset < length;) {
      const chunk = await (ahead ?? readAt(offset))
      if (chunk.length === 0) throw new NocturneError('object_missing')
      offset += chunk.length
      ahead = offset < length ? readAt(offset) : undefined
      // A failed read-ahead is reported when it is awaited, and ignored if it is no longer needed.
      ahead?.catch(() => undefined)
      yield chunk
    }
  } finally {
    await ahead?.catch(() => undefined)
    await handle.close()
  }
}
