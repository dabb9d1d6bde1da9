/**
 * Versions of a published log's files. A bucket with Object Lock keeps every version and shows the
 * newest. An attacker who cannot delete a locked version can still put a delete marker or another
 * version over it.
 */
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import type { AlteredFile } from './contract.js'
import { timeLimit } from './s3-client.js'
import type { S3Options } from './s3-client.js'
import { s3Error, s3Status } from './s3-error.js'

export interface LogPlace {
  readonly client: S3Client
  readonly bucket: string
  /** Prefix of every key, with its trailing slash. */
  readonly prefix: string
  readonly options: Required<S3Options>
}

interface Version {
  readonly key: string
  readonly id: string | undefined
  /** Undefined for a delete marker. */
  readonly etag: string | undefined
  readonly isLatest: boolean
}

/** Yields every version of the keys with that prefix, grouped by key, newest first. */
async function* versionsOf(
  { client, bucket, options }: LogPlace,
  beginning: string,
  most?: number,
): AsyncGenerator<Version, void, undefined> {
  let marker: { KeyMarker: string | undefined; VersionIdMarker: string | undefined } | undefined
  do {
    const page = await client
      .send(
        new ListObjectVersionsCommand({
          Bucket: bucket,
          Prefix: beginning,
          ...(most !== undefined && { MaxKeys: most }),
          ...marker,
        }),
        timeLimit(options),
      )
      .catch((error: unknown) => {
        // A server without versioning cannot hide any.
        if ([501, 405].includes(s3Status(error) ?? 0)) return undefined
        throw s3Error(error)
      })
    if (!page) return
    const versions = [
      ...(page.Versions ?? []).map((one) => ({ ...one, etag: one.ETag ?? '' })),
      ...(page.DeleteMarkers ?? []).map((one) => ({ ...one, etag: undefined })),
    ]
    yield* versions
      .map(({ Key = '', VersionId: id, IsLatest = false, etag }) => ({
        key: Key,
        id,
        etag,
        isLatest: IsLatest,
      }))
      .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    marker =
      page.IsTruncated === true && most === undefined
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined
  } while (marker)
}

/**
 * See `LogFiles.altered`. `checkpoint` itself is not listed, because that would return every
 * checkpoint ever written.
 */
export async function* alteredFiles(place: LogPlace): AsyncGenerator<AlteredFile, void, undefined> {
  const { prefix } = place
  const checkpoint = `${prefix}checkpoint`
  for await (const { key, etag } of versionsOf(place, checkpoint, 1))
    if (key === checkpoint && etag === undefined) yield { path: 'checkpoint', how: 'hidden' }
  for (const folder of ['checkpoints/', 'tile/']) {
    /** The previous key, with the content first seen under it. */
    let last = { key: '', etag: undefined as string | undefined, isTold: false }
    for await (const { key, etag, isLatest } of versionsOf(place, prefix + folder)) {
      const path = key.slice(prefix.length)
      if (path.includes('.p/')) continue
      if (isLatest && etag === undefined) yield { path, how: 'hidden' }
      if (key !== last.key) last = { key, etag, isTold: false }
      last.etag ??= etag
      // Two versions with the same bytes result from two gateways publishing at once.
      if (etag === undefined || etag === last.etag || last.isTold) continue
      yield { path, how: 'replaced' }
      last.isTold = true
    }
  }
}

/** Removes every version of one file. Returns false when a lock protects any of them. */
export async function removeVersions(place: LogPlace, path: string): Promise<boolean> {
  const { client, bucket, prefix, options } = place
  const key = prefix + path
  const ids: (string | undefined)[] = []
  for await (const version of versionsOf(place, key)) if (version.key === key) ids.push(version.id)
  // A server without versioning lists none. Deleting a file that does not exist would leave a
  // delete marker on other servers, hence the check.
  if (ids.length === 0 && (await headOf(place, path))) ids.push(undefined)
  for (const id of ids) {
    try {
      await client.send(
        new DeleteObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(id !== undefined && { VersionId: id }),
        }),
        timeLimit(options),
      )
    } catch (error) {
      if (s3Status(error) === 403) return false
      throw s3Error(error)
    }
  }
  return true
}

export async function lockOf(place: LogPlace, path: string): Promise<Date | undefined> {
  return (await headOf(place, path))?.ObjectLockRetainUntilDate
}

async function headOf({ client, bucket, prefix, options }: LogPlace, path: string) {
  const head = new HeadObjectCommand({ Bucket: bucket, Key: prefix + path })
  try {
    return await client.send(head, timeLimit(options))
  } catch (error) {
    if (s3Status(error) === 404) return undefined
    throw s3Error(error)
  }
}
