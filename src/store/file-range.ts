import { open } from 'node:fs/promises'
import { NocturneError, systemCode } from '../lib/errors.js'
import { filesError, onDisk } from './files-error.js'

const READ_BYTES = 512 * 1024

/**
 * Exactly `length` bytes from `start`. The file is opened by the first read, so a reader that never
 * begins leaves nothing open; the next read is under way while the last one is used.
 *
 * @throws NocturneError `object_missing` when the file is gone or ends early, `store_unavailable`.
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
      // A failure of the read ahead is thrown when it is awaited, or not wanted any more.
      ahead?.catch(() => undefined)
      yield chunk
    }
  } finally {
    await ahead?.catch(() => undefined)
    await handle.close()
  }
}
