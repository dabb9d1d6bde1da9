/**
 * Opened items on disk that only this process can read: each file is sealed with a key of its own,
 * which is kept in memory alone. After the process has ended, however it ended, the files are
 * noise; so is a file whose key was dropped, whatever the disk remembers of it.
 *
 * A file is a run of blocks: AES-256-GCM of 64 KiB each, the number of the block as nonce. No two
 * blocks have the same key and nonce, since a key seals one file, once.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { randomName } from '../../../lib/ids.js'
import { CommandError, fileError } from '../../command-error.js'
import { makeFolder, writeNew } from '../../local-write.js'

const BLOCK = 64 * 1024
const TAG = 16
const KEY = 32

/** One sealed file. Opaque outside of this module. */
export interface SealedFile {
  readonly path: string
  readonly key: Buffer
  readonly size: number
}

export class SealedFiles {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @param folder is created, and removed by `close` */
  static async in(folder: string): Promise<SealedFiles> {
    await makeFolder(folder)
    return new SealedFiles(folder)
  }

  /**
   * @param check called after the last byte: if it throws, nothing remains
   * @throws CommandError `disk_full`, `file_unwritable`; whatever `content` and `check` throw
   */
  async write(content: AsyncIterable<Uint8Array>, check: () => void): Promise<SealedFile> {
    const path = join(this.#folder, randomName())
    const key = randomBytes(KEY)
    const sealing = new Sealing(key)
    try {
      await writeNew(path, sealing.blocks(content))
      check()
      return { path, key, size: sealing.size }
    } catch (error) {
      key.fill(0)
      await rm(path, { force: true })
      throw error
    }
  }

  /** Drops the key first: what the disk still holds after a crash here cannot be read. */
  async remove({ path, key }: SealedFile): Promise<void> {
    key.fill(0)
    await rm(path, { force: true })
  }

  /** Removes the folder with everything in it. */
  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

class Sealing {
  readonly #key: Buffer
  size = 0

  constructor(key: Buffer) {
    this.#key = key
  }

  async *blocks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    const block = Buffer.alloc(BLOCK)
    let filled = 0
    let at = 0
    for await (const piece of content) {
      for (let from = 0; from < piece.length;) {
        const part = piece.subarray(from, from + BLOCK - filled)
        block.set(part, filled)
        filled += part.length
        from += part.length
        if (filled < BLOCK) continue
        yield this.#seal(block, at)
        at += 1
        filled = 0
      }
      this.size += piece.length
    }
    if (filled > 0) yield this.#seal(block.subarray(0, filled), at)
    block.fill(0)
  }

  #seal(block: Buffer, at: number): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(at))
    return Buffer.concat([cipher.update(block), cipher.final(), cipher.getAuthTag()])
  }
}

/**
 * The octets from `start` up to `end`; a block is authenticated before any of it is yielded.
 *
 * @throws CommandError `file_unreadable` when the file is gone or was changed
 */
export async function* readSealed(
  file: SealedFile,
  start = 0,
  end = file.size,
): AsyncGenerator<Buffer> {
  const handle = await open(file.path, 'r').catch((error: unknown) => {
    throw fileError(file.path, error)
  })
  try {
    const last = Math.min(end, file.size)
    for (let at = Math.floor(start / BLOCK); at * BLOCK < last; at++) {
      const block = await openBlock(handle, file, at)
      yield block.subarray(Math.max(0, start - at * BLOCK), last - at * BLOCK)
    }
  } finally {
    await handle.close()
  }
}

async function openBlock(handle: FileHandle, file: SealedFile, at: number): Promise<Buffer> {
  const length = Math.min(BLOCK, file.size - at * BLOCK)
  const sealed = Buffer.alloc(length + TAG)
  try {
    const { bytesRead } = await handle.read(sealed, 0, sealed.length, at * (BLOCK + TAG))
    if (bytesRead < sealed.length) throw new Error('the file is too short')
    const decipher = createDecipheriv('aes-256-gcm', file.key, nonceOf(at))
    decipher.setAuthTag(sealed.subarray(length))
    return Buffer.concat([decipher.update(sealed.subarray(0, length)), decipher.final()])
  } catch (cause) {
    throw new CommandError('an opened item was changed on the disk', {
      code: 'file_unreadable',
      hint: 'stop the command and start it again: it fetches everything anew',
      cause,
    })
  }
}

function nonceOf(at: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(at, 6, 6)
  return nonce
}
