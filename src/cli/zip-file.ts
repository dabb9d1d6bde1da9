/** A ZIP on disk, read in parts on demand and never as a whole. */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Reader } from '@zip.js/zip.js/index-native.js'
import { openZip } from '../lib/zip.js'
import type { NamedFiles } from '../lib/zip.js'
import { fileError } from './command-error.js'

class FileReader extends Reader<FileHandle> {
  readonly #file: FileHandle

  constructor(file: FileHandle, size: number) {
    super(file)
    this.#file = file
    this.size = size
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, index)
    return buffer.subarray(0, bytesRead)
  }
}

/**
 * Passes undefined to `work` when the file is not a ZIP.
 * @throws CommandError `file_unreadable`, and what `work` throws
 */
export async function openZipFile<T>(
  path: string,
  work: (files: NamedFiles | undefined) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileError(path, error)
  })
  try {
    const { size } = await file.stat()
    return await work(await openZip(new FileReader(file, size)))
  } finally {
    await file.close()
  }
}
