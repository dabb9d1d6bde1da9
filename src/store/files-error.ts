import { NocturneError, systemCode } from '../lib/errors.js'

/** What a failed call of the file system means to who stores: no room, or no store. */
export function filesError(error: unknown): NocturneError {
  if (error instanceof NocturneError) return error
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCode(error) ?? '')
  return new NocturneError(isFull ? 'store_full' : 'store_unavailable', { cause: error })
}

/** Runs calls of the file system alone, so that an error of the source keeps its own name. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw filesError(error)
  }
}
