import { dirname } from 'node:path'
import { DiskError } from '../lib/errors.js'
import type { SealedStream } from '../seal/index.js'
import { checkFree, syncFolder, temporaryName, writeError, writeWhole } from './local-write.js'

/**
 * Writes a sealed stream to the new file `target`, like `writeWhole`, but from the thread that
 * seals, where there is one. If this rejects, nothing is left behind.
 *
 * @throws CommandError when the file exists or cannot be written; the errors of the content
 */
export async function writeSealed(target: string, sealed: SealedStream): Promise<void> {
  if (!sealed.toFile) {
    await writeWhole(target, sealed.bytes, { mayReplace: false })
    return
  }
  await checkFree(target)
  const folder = dirname(target)
  try {
    const file = await sealed.toFile(temporaryName(folder))
    try {
      await file.place(target)
      await file.sync()
    } finally {
      file.close()
    }
  } catch (error) {
    throw error instanceof DiskError ? writeError(target, error) : error
  }
  await syncFolder(folder)
}
