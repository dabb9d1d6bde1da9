import { NocturneError, systemCode } from '../lib/errors.js'

/** Maps a failed file system call to a store error: full, or unavailable. */
export function filesError(error: unknown): NocturneError {
  if (error instanceof NocturneError) return error
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCode(error) ?? '')
  return new NocturneError(isFull ? 'store_full' : 'store_unavailable', { cause: error })
}

/** Wraps file system calls only, so that errors from the source are not mapped to store errors. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw filesError(error)
  }
}
