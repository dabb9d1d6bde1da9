/** What an answer of S3 means to who stores. */
import { S3ServiceException } from '@aws-sdk/client-s3'
import { NocturneError } from '../lib/errors.js'

const FULL = ['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'StorageFull']

/** The server's own name of the error (`NoSuchKey`), or undefined when no server answered. */
export function s3Code(error: unknown): string | undefined {
  return error instanceof S3ServiceException ? error.name : undefined
}

/** HTTP status of the last answer, or undefined when there was none. */
export function s3Status(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

export function s3Error(error: unknown): NocturneError {
  if (error instanceof NocturneError) return error
  const isFull = s3Status(error) === 507 || FULL.includes(s3Code(error) ?? '')
  return new NocturneError(isFull ? 'store_full' : 'store_unavailable', { cause: error })
}

/** Runs requests alone, so that an error of the source keeps its own name. */
export async function onS3<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw s3Error(error)
  }
}
