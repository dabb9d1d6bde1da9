/**
 * Objects in a bucket.
 *
 * - PREFIX/<key>: an object. Its metadata entry `nocturne-put` holds the random tag of the put that
 *   made it.
 * - PREFIX/.check/<random>: the probe of `check`, deleted within the same call.
 * - Multipart uploads under PREFIX/: objects being written, or what a killed process left of them.
 *
 * An object of up to one part (8 MiB) is written with one PutObject, which S3 makes visible
 * completely or not at all. A larger one is a multipart upload, visible only after
 * CompleteMultipartUpload, the last request. A crash before that leaves an upload that
 * `sweepPartial` aborts; a crash after it, a complete but unreferenced object that `list` finds.
 * The prefix (or, without one, the bucket) must be used by Nocturne alone, because uploads made
 * under it by others would be swept.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import type { GetObjectCommandOutput, MultipartUpload } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import { NocturneError } from '../lib/errors.js'
import { randomName } from '../lib/ids.js'
import type { SealedStream } from '../seal/index.js'
import type { ByteRange, ObjectStore, S3StoreConfig, StoredItem } from './contract.js'
import { isKey, requireKey, requireRange } from './keys.js'
import { readBody } from './s3-body.js'
import { createS3Client, DEFAULTS, timeLimit } from './s3-client.js'
import type { S3Options } from './s3-client.js'
import { onS3, s3Code, s3Error } from './s3-error.js'
import { Uploads } from './s3-upload.js'
import type { Bucket } from './s3-upload.js'

const PROBE = Buffer.from('nocturne store check\n')

/** Sends no request to the server yet. */
export function openS3Store(config: S3StoreConfig, options: S3Options = {}): ObjectStore {
  const bounds = { ...DEFAULTS, ...options }
  return new S3Store(
    { client: createS3Client(config, bounds), name: config.bucket, options: bounds },
    config.prefix === undefined || config.prefix === '' ? '' : `${config.prefix}/`,
  )
}

class S3Store implements ObjectStore {
  readonly kind = 's3'
  readonly #bucket: Bucket
  readonly #prefix: string
  readonly #uploads: Uploads

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket
    this.#prefix = prefix
    this.#uploads = new Uploads(bucket)
  }

  async put(key: string, sealed: SealedStream): Promise<StoredItem> {
    requireKey(key)
    const size = await this.#uploads.put(this.#prefix + key, sealed.bytes)
    return { key, size } as StoredItem
  }

  async get(key: string, range?: ByteRange): Promise<AsyncIterable<Buffer>> {
    requireKey(key)
    if (range) requireRange(range)
    return this.#get(this.#prefix + key, range)
  }

  async size(key: string): Promise<number | undefined> {
    requireKey(key)
    const head = await this.#uploads.head(this.#prefix + key)
    if (head) return head.size
    // A HEAD response has no body, so a missing bucket also appears as a plain 404.
    const { client, name, options } = this.#bucket
    await onS3(() => client.send(new HeadBucketCommand({ Bucket: name }), timeLimit(options)))
    return undefined
  }

  async delete(key: string): Promise<void> {
    requireKey(key)
    await this.#delete(this.#prefix + key)
  }

  async *list(prefix: string): AsyncGenerator<string, void, undefined> {
    const { client, name, options } = this.#bucket
    let token: string | undefined
    do {
      const page = await onS3(() =>
        client.send(
          new ListObjectsV2Command({
            Bucket: name,
            Prefix: this.#prefix + prefix,
            ContinuationToken: token,
          }),
          timeLimit(options),
        ),
      )
      for (const { Key } of page.Contents ?? []) {
        const key = Key?.slice(this.#prefix.length)
        if (key !== undefined && isKey(key)) yield key
      }
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  async sweepPartial(olderThanMs: number, now: number): Promise<number> {
    const before = now - olderThanMs
    let removed = 0
    for await (const { Key: key, UploadId: id } of this.#staleUploads(before)) {
      if (key === undefined || id === undefined || this.#uploads.living.has(id)) continue
      await onS3(() => this.#uploads.abort(key, id)).catch(ignoreGone)
      removed += 1
    }
    for (const [key, { tag, since }] of this.#uploads.doubts) {
      if (performance.now() - since < olderThanMs) continue
      if ((await this.#uploads.head(key))?.tag === tag) {
        await this.#delete(key)
        removed += 1
      }
      this.#uploads.doubts.delete(key)
    }
    return removed
  }

  async check(): Promise<void> {
    const key = `${this.#prefix}.check/${randomName()}`
    try {
      await this.#uploads.put(key, [PROBE])
      const read: Buffer[] = []
      for await (const chunk of await this.#get(key, undefined)) read.push(chunk)
      if (!Buffer.concat(read).equals(PROBE)) throw new NocturneError('store_unavailable')
    } catch (error) {
      await this.#delete(key).catch(() => undefined)
      throw error
    }
    await this.#delete(key)
  }

  async close(): Promise<void> {
    this.#bucket.client.destroy()
    await Promise.resolve()
  }

  async #get(key: string, range: ByteRange | undefined): Promise<AsyncIterable<Buffer>> {
    const { client, name, options } = this.#bucket
    const answer = await client
      .send(
        new GetObjectCommand({
          Bucket: name,
          Key: key,
          ...(range && { Range: `bytes=${range.start}-${range.end}` }),
        }),
        timeLimit(options),
      )
      .catch((error: unknown) => {
        const isMissing = ['NoSuchKey', 'InvalidRange'].includes(s3Code(error) ?? '')
        throw isMissing ? new NocturneError('object_missing', { cause: error }) : s3Error(error)
      })
    if (!(answer.Body instanceof Readable)) throw new NocturneError('store_unavailable')
    const length = answer.ContentLength
    const problem =
      length === undefined ? 'store_unavailable' : range && mismatch(answer, range, length)
    if (length === undefined || problem) {
      answer.Body.on('error', () => undefined).destroy()
      throw new NocturneError(problem ?? 'store_unavailable')
    }
    return readBody(answer.Body, length, options.answerTimeoutMs)
  }

  async #delete(key: string): Promise<void> {
    const { client, name, options } = this.#bucket
    await onS3(() =>
      client.send(new DeleteObjectCommand({ Bucket: name, Key: key }), timeLimit(options)),
    )
  }

  /** Uploads under the prefix that received no part since `before`, by the server's clock. */
  async *#staleUploads(before: number): AsyncGenerator<MultipartUpload, void, undefined> {
    const { client, name, options } = this.#bucket
    let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
    while (after) {
      const marker: { KeyMarker?: string; UploadIdMarker?: string } = after
      const page = await onS3(() =>
        client.send(
          new ListMultipartUploadsCommand({ Bucket: name, Prefix: this.#prefix, ...marker }),
          timeLimit(options),
        ),
      )
      for (const upload of page.Uploads ?? []) {
        if (!isKey(upload.Key?.slice(this.#prefix.length) ?? '')) continue
        if ((upload.Initiated?.getTime() ?? Infinity) > before) continue
        if ((await this.#lastTouch(upload)) <= before) yield upload
      }
      after =
        page.IsTruncated === true && page.NextKeyMarker !== undefined
          ? {
              KeyMarker: page.NextKeyMarker,
              ...(page.NextUploadIdMarker !== undefined && {
                UploadIdMarker: page.NextUploadIdMarker,
              }),
            }
          : undefined
    }
  }

  /** When the newest part arrived, in milliseconds since 1970; 0 when there are no parts. */
  async #lastTouch(upload: MultipartUpload): Promise<number> {
    const { client, name, options } = this.#bucket
    let newest = 0
    let marker: string | undefined
    do {
      const page = await client
        .send(
          new ListPartsCommand({
            Bucket: name,
            Key: upload.Key,
            UploadId: upload.UploadId,
            PartNumberMarker: marker,
          }),
          timeLimit(options),
        )
        .catch((error: unknown) => {
          if (s3Code(error) === 'NoSuchUpload') return undefined
          throw s3Error(error)
        })
      for (const part of page?.Parts ?? [])
        newest = Math.max(newest, part.LastModified?.getTime() ?? 0)
      marker = page?.IsTruncated === true ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    return newest
  }
}

/**
 * For a shorter object, the server answers 206 with a shorter range; a server that ignores Range
 * answers 200.
 */
function mismatch(
  answer: GetObjectCommandOutput,
  range: ByteRange,
  length: number,
): 'object_missing' | 'store_unavailable' | undefined {
  if (answer.ContentRange?.startsWith(`bytes ${range.start}-`) !== true) return 'store_unavailable'
  return length === range.end - range.start + 1 ? undefined : 'object_missing'
}

function ignoreGone(error: unknown): void {
  const cause = error instanceof NocturneError ? error.cause : undefined
  if (s3Code(cause) !== 'NoSuchUpload') throw error
}
