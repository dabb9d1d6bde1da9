/** Writes a new file: in the thread that seals, if there is one, and otherwise from this one. */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { link, open, unlink } from 'node:fs/promises'
import { DiskError } from '../lib/errors.js'
import { freeMemory } from '../lib/free-memory.js'
import type { SealedStream } from '../seal/index.js'
import { filesError, onDisk } from './files-error.js'
import { inParts } from './parts.js'

const WRITE_BYTES = 1024 * 1024
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

export type WrittenFile = Awaited<ReturnType<NonNullable<SealedStream['toFile']>>>

export type Source =
  | Pick<SealedStream, 'bytes' | 'toFile'>
  | { readonly bytes: readonly Buffer[]; readonly toFile?: never }

/**
 * Writes everything to the new file `partial`, of which nothing stays when this rejects. A thread
 * may already make it durable under the name `path`, whose folder must exist.
 * @throws NocturneError `store_full`, `store_unavailable`; the errors of the source
 */
export async function written(
  source: Source,
  partial: string,
  path?: string,
): Promise<WrittenFile> {
  if (!source.toFile) return writeHere(source.bytes, partial)
  try {
    return await source.toFile(partial, path)
  } catch (error) {
    throw error instanceof DiskError ? filesError(error) : error
  }
}

async function writeHere(
  bytes: AsyncIterable<Buffer> | readonly Buffer[],
  partial: string,
): Promise<WrittenFile> {
  const handle = await onDisk(() => open(partial, FLAGS, 0o600))
  let isOpen = true
  /** Leaves only the name from `place`: before that, nothing; after it, the durable bytes. */
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await handle.close()
    // If this fails, the sweep removes the name.
    await unlink(partial).catch(() => undefined)
  }
  let size = 0
  try {
    for await (const part of inParts(bytes, () => WRITE_BYTES)) {
      await onDisk(() => writeAll(handle, part))
      size += part.length
      freeMemory(part)
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    size,
    place: (path: string) => link(partial, path),
    sync: async () => {
      await handle.sync()
      await close()
    },
    close: () => void close().catch(() => undefined),
  }
}

/** When the disk is almost full, a write may be short; the next write then reports the error. */
async function writeAll(handle: FileHandle, part: Buffer): Promise<void> {
  for (let written = 0; written < part.length;)
    written += (await handle.write(part, written)).bytesWritten
}
