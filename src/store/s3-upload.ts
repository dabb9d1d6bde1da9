/**
 * A put to S3: one PutObject, or a multipart upload when the object is larger than one part.
 *
 * Each put stores a random tag as metadata. When the last request ends without a clear response, a
 * HEAD that shows this tag and size proves that the object under the key was written by this put.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import { NocturneError } from '../lib/errors.js'
import { randomName } from '../lib/ids.js'
import { inParts } from './parts.js'
import { onS3, s3Code, s3Error, s3Status } from './s3-error.js'
import type { S3Options } from './s3-client.js'
import { timeLimit } from './s3-client.js'
import { PartBuffers } from './part-buffers.js'
import { Slots } from './slots.js'

const MIB = 1024 * 1024
/** Limit set by S3. */
const MAX_PARTS = 10_000
/**
 * Parts in flight at once over all puts. Together with the part that each put is filling, this
 * bounds memory.
 */
const PARTS_IN_FLIGHT = 4
/** The metadata name, and the header that S3 returns for it in a HEAD response. */
const TAG = 'nocturne-put'

/**
 * Maximum number of remembered puts with an unknown outcome. The oldest are forgotten; their
 * objects, if any, are then ordinary orphans.
 */
const MAX_DOUBTS = 10_000

/**
 * 2,500 parts each of 8, 16, 32 and 64 MiB: up to 293 GiB per object, with small parts for all
 * objects up to 19 GiB.
 */
const partSize = (part: number): number => (8 * MIB) << Math.min(3, Math.floor((part - 1) / 2500))

export interface Bucket {
  readonly client: S3Client
  readonly name: string
  readonly options: Required<S3Options>
}

interface Doubt {
  readonly tag: string
  /** By `performance.now()`. */
  readonly since: number
}

/** Takes keys that already include the prefix. */
export class Uploads {
  /** Multipart uploads of this process, which the sweep skips. */
  readonly living = new Set<string>()
  readonly doubts = new Map<string, Doubt>()
  readonly #bucket: Bucket
  readonly #slots = new Slots(PARTS_IN_FLIGHT)
  readonly #buffers = new PartBuffers(partSize(1), PARTS_IN_FLIGHT + 1)
  /** Whether the server supports If-None-Match; some answer 501. */
  #conditional = true

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /**
   * Resolves with the size when the object is durable. Errors from the source are passed on
   * unchanged.
   */
  async put(key: string, bytes: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number> {
    const parts = inParts(bytes, partSize, (size) => this.#buffers.take(size))
    try {
      const first = await parts.next()
      if (first.done) return await this.#putWhole(key, Buffer.alloc(0))
      const second = first.value.length < partSize(1) ? undefined : await parts.next()
      if (!second || second.done) return await this.#putWhole(key, first.value)
      return await this.#putParts(key, chain([first.value, second.value], parts))
    } finally {
      await parts.return()
    }
  }

  /** The tag and size of the object under the key. */
  async head(key: string): Promise<{ tag: string | undefined; size: number } | undefined> {
    const { client, name, options } = this.#bucket
    try {
      const head = await client.send(
        new HeadObjectCommand({ Bucket: name, Key: key }),
        timeLimit(options),
      )
      return { tag: head.Metadata?.[TAG], size: head.ContentLength ?? 0 }
    } catch (error) {
      if (s3Status(error) === 404) return undefined
      throw s3Error(error)
    }
  }

  async abort(key: string, uploadId: string): Promise<void> {
    const { client, name, options } = this.#bucket
    await client.send(
      new AbortMultipartUploadCommand({ Bucket: name, Key: key, UploadId: uploadId }),
      timeLimit(options),
    )
  }

  async #putWhole(key: string, body: Buffer): Promise<number> {
    const { client, name, options } = this.#bucket
    const tag = randomName()
    await this.#last(key, tag, body.length, (condition) =>
      client.send(
        new PutObjectCommand({
          Bucket: name,
          Key: key,
          Body: body,
          Metadata: { [TAG]: tag },
          ...condition,
        }),
        timeLimit(options, body.length),
      ),
    )
    return body.length
  }

  async #putParts(key: string, parts: AsyncIterable<Buffer>): Promise<number> {
    const { client, name, options } = this.#bucket
    const tag = randomName()
    // Ceph ignores If-None-Match on CompleteMultipartUpload. Keys are random, so this only catches
    // a bug of ours.
    if (await this.head(key)) throw new NocturneError('internal')
    const { UploadId: uploadId } = await onS3(() =>
      client.send(
        new CreateMultipartUploadCommand({ Bucket: name, Key: key, Metadata: { [TAG]: tag } }),
        timeLimit(options),
      ),
    )
    if (uploadId === undefined) throw new NocturneError('store_unavailable')
    this.living.add(uploadId)
    try {
      const { done, size } = await this.#sendParts(key, uploadId, parts)
      await this.#last(key, tag, size, (condition) =>
        client.send(
          new CompleteMultipartUploadCommand({
            Bucket: name,
            Key: key,
            UploadId: uploadId,
            MultipartUpload: { Parts: done },
            ...condition,
          }),
          timeLimit(options, size),
        ),
      )
      return size
    } catch (error) {
      // If this fails as well, the parts stay until `sweepPartial` removes them.
      await this.abort(key, uploadId).catch(() => undefined)
      throw error
    } finally {
      this.living.delete(uploadId)
    }
  }

  /** Sends each part as soon as a slot is free. Settles only when no part is in flight any more. */
  async #sendParts(
    key: string,
    uploadId: string,
    parts: AsyncIterable<Buffer>,
  ): Promise<{ done: CompletedPart[]; size: number }> {
    const done: CompletedPart[] = []
    const failures: unknown[] = []
    const underWay = new Set<Promise<void>>()
    let size = 0
    let number = 0
    try {
      for await (const part of parts) {
        if (++number > MAX_PARTS) throw new NocturneError('item_too_large')
        await this.#slots.take()
        const sending = this.#sendPart(key, uploadId, number, part)
          .then(
            (sent) => {
              done.push(sent)
              this.#buffers.giveBack(part)
            },
            (error: unknown) => void failures.push(error),
          )
          .finally(() => {
            this.#slots.give()
            underWay.delete(sending)
          })
        underWay.add(sending)
        if (failures.length > 0) break
        size += part.length
      }
    } finally {
      await Promise.all(underWay)
    }
    if (failures.length > 0) throw s3Error(failures[0])
    done.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
    return { done, size }
  }

  async #sendPart(
    key: string,
    uploadId: string,
    number: number,
    body: Buffer,
  ): Promise<CompletedPart> {
    const { client, name, options } = this.#bucket
    const { ETag } = await client.send(
      new UploadPartCommand({
        Bucket: name,
        Key: key,
        UploadId: uploadId,
        PartNumber: number,
        Body: body,
      }),
      timeLimit(options, body.length),
    )
    if (ETag === undefined) throw new NocturneError('store_unavailable')
    return { PartNumber: number, ETag }
  }

  /**
   * Sends the request that makes the object visible, and determines the outcome if the response is
   * unclear.
   */
  async #last(
    key: string,
    tag: string,
    size: number,
    send: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
  ): Promise<void> {
    try {
      try {
        await send(this.#conditional ? { IfNoneMatch: '*' } : {})
      } catch (error) {
        if (!this.#conditional || (s3Status(error) !== 501 && s3Code(error) !== 'NotImplemented'))
          throw error
        this.#conditional = false
        await send({})
      }
    } catch (error) {
      await this.#settle(key, tag, size, error)
    }
  }

  /**
   * Returns normally if the object under the key turns out to be from this put: the response was
   * lost, or a retry collided with the first attempt (412). Otherwise throws. Never deletes,
   * because the object may belong to another put.
   */
  async #settle(key: string, tag: string, size: number, error: unknown): Promise<void> {
    const found = await this.head(key).catch(() => 'unknown' as const)
    if (found !== 'unknown' && found?.tag === tag && found.size === size) return
    if (found === 'unknown' || found === undefined) this.#doubt(key, tag)
    else throw new NocturneError('internal', { cause: error })
    throw s3Error(error)
  }

  /** An abandoned request may still arrive; `sweepPartial` checks again. */
  #doubt(key: string, tag: string): void {
    this.doubts.set(key, { tag, since: performance.now() })
    const [oldest] = this.doubts.keys()
    if (this.doubts.size > MAX_DOUBTS && oldest !== undefined) this.doubts.delete(oldest)
  }
}

async function* chain(
  first: readonly Buffer[],
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  yield* first
  yield* rest
}
