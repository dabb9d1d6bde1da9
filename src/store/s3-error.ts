/** How S3 responses map to store errors. */
import { S3ServiceException } from '@aws-sdk/client-s3'
import { NocturneError } from '../lib/errors.js'

const FULL = ['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'StorageFull']

/** The server's error code (`NoSuchKey`), or undefined when no server responded. */
export function s3Code(error: unknown): string | undefined {
  return error instanceof S3ServiceException ? error.name : undefined
}

/** The HTTP status of the last response, or undefined when there was none. */
export function s3Status(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

export function s3Error(error: unknown): NocturneError {
  if (error instanceof NocturneError) return error
  const isFull = s3Status(error) === 507 || FULL.includes(s3Code(error) ?? '')
  return new NocturneError(isFull ? 'store_full' : 'store_unavailable', { cause: error })
}

/** Wraps S3 requests only, so that errors from the source are not mapped to store errors. */
export async function onS3<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw s3Error(error)
  }
}
