/**
 * Files of a published log in a bucket, at PREFIX/log/<path>.
 *
 * Under Object Lock, files written once with a date are locked in compliance mode until then:
 * nobody, not even the bucket's owner, can delete or change that version earlier.
 *
 * A versioned bucket accepts a second version over a locked one, and readers of the newest version
 * would see it. So existing content is read before each put, and verifiers compare what they read
 * with what is signed.
 */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { NocturneError } from '../lib/errors.js'
import type { AlteredFile, LogFiles, S3StoreConfig } from './contract.js'
import { alteredFiles, lockOf, removeVersions } from './log-versions.js'
import type { LogPlace } from './log-versions.js'
import { MAX_LOG_FILE, requireLogPath } from './log-paths.js'
import { readBody } from './s3-body.js'
import { createS3Client, DEFAULTS, timeLimit } from './s3-client.js'
import type { S3Options } from './s3-client.js'
import { onS3, s3Code, s3Error, s3Status } from './s3-error.js'

type Client = ReturnType<typeof createS3Client>

/** Sends no request to the server yet. */
export function openLogBucket(config: S3StoreConfig, options: S3Options = {}): LogFiles {
  const bounds = { ...DEFAULTS, ...options }
  const prefix = config.prefix === undefined || config.prefix === '' ? '' : `${config.prefix}/`
  return new LogBucket(createS3Client(config, bounds), config.bucket, `${prefix}log/`, bounds)
}

async function hasLock(
  client: Client,
  bucket: string,
  options: Required<S3Options>,
): Promise<boolean> {
  try {
    const { ObjectLockConfiguration: lock } = await client.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
      timeLimit(options),
    )
    return lock?.ObjectLockEnabled === 'Enabled'
  } catch (error) {
    // AWS and Ceph use this code; a server without support for locks answers 501 or 405.
    if (s3Code(error) === 'ObjectLockConfigurationNotFoundError') return false
    if ([501, 405].includes(s3Status(error) ?? 0)) return false
    throw s3Error(error)
  }
}

class LogBucket implements LogFiles {
  readonly #client: Client
  readonly #bucket: string
  readonly #prefix: string
  readonly #options: Required<S3Options>
  /** A bucket's lock configuration cannot be removed, so it is asked for only once. */
  #locked: Promise<boolean> | undefined

  constructor(client: Client, bucket: string, prefix: string, options: Required<S3Options>) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix
    this.#options = options
  }

  isLocked(): Promise<boolean> {
    this.#locked ??= hasLock(this.#client, this.#bucket, this.#options).catch((error: unknown) => {
      this.#locked = undefined
      throw error
    })
    return this.#locked
  }

  async putOnce(path: string, bytes: Buffer, keepUntil?: Date): Promise<boolean> {
    const there = await this.read(path)
    if (there) return there.equals(bytes)
    const lock = keepUntil && (await this.isLocked()) ? { keepUntil } : {}
    try {
      await this.#put(path, bytes, { isNew: true, ...lock })
      return true
    } catch (error) {
      // 412 means that another gateway was first, or that our own first attempt succeeded but its
      // response was lost.
      const found = await this.read(path)
      if (found) return found.equals(bytes)
      throw s3Error(error)
    }
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    await onS3(() => this.#put(path, bytes, {}))
  }

  async read(path: string): Promise<Buffer | undefined> {
    requireLogPath(path)
    const { Body: body, ContentLength: length } = await this.#client
      .send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + path }),
        timeLimit(this.#options),
      )
      .catch((error: unknown) => {
        if (s3Code(error) === 'NoSuchKey') return { Body: undefined, ContentLength: 0 }
        throw s3Error(error)
      })
    if (body === undefined) return undefined
    if (!(body instanceof Readable)) throw new NocturneError('store_unavailable')
    if (length === undefined || length > MAX_LOG_FILE) {
      body.on('error', () => undefined).destroy()
      throw new NocturneError('store_unavailable')
    }
    const chunks: Buffer[] = []
    for await (const chunk of readBody(body, length, this.#options.answerTimeoutMs))
      chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  async *names(folder: string, after?: string): AsyncGenerator<string, void, undefined> {
    requireLogPath(folder)
    const prefix = `${this.#prefix}${folder}/`
    let token: string | undefined
    do {
      const page = await onS3(() =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: prefix,
            ContinuationToken: token,
            ...(after !== undefined && { StartAfter: prefix + after }),
          }),
          timeLimit(this.#options),
        ),
      )
      for (const { Key: key } of page.Contents ?? [])
        if (key !== undefined) yield key.slice(prefix.length)
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  async removeFolder(folder: string): Promise<void> {
    const keys: { Key: string }[] = []
    for await (const name of this.names(folder))
      keys.push({ Key: `${this.#prefix}${folder}/${name}` })
    for (let i = 0; i < keys.length; i += 1_000) {
      const some = keys.slice(i, i + 1_000)
      await onS3(() =>
        this.#client.send(
          new DeleteObjectsCommand({
            Bucket: this.#bucket,
            Delete: { Objects: some, Quiet: true },
          }),
          timeLimit(this.#options),
        ),
      )
    }
  }

  remove(path: string): Promise<boolean> {
    requireLogPath(path)
    return removeVersions(this.#place(), path)
  }

  lockedUntil(path: string): Promise<Date | undefined> {
    requireLogPath(path)
    return lockOf(this.#place(), path)
  }

  altered(): AsyncIterable<AlteredFile> {
    return alteredFiles(this.#place())
  }

  async close(): Promise<void> {
    this.#client.destroy()
    await Promise.resolve()
  }

  #place(): LogPlace {
    return {
      client: this.#client,
      bucket: this.#bucket,
      prefix: this.#prefix,
      options: this.#options,
    }
  }

  async #put(
    path: string,
    bytes: Buffer,
    { isNew = false, keepUntil }: { readonly isNew?: boolean; readonly keepUntil?: Date },
  ): Promise<void> {
    requireLogPath(path)
    const send = (condition: { IfNoneMatch?: '*' }) =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#prefix + path,
          Body: bytes,
          // A put with a lock must carry a digest in its own header.
          ContentMD5: createHash('md5').update(bytes).digest('base64'),
          ContentType: path.startsWith('checkpoint')
            ? 'text/plain; charset=utf-8'
            : 'application/octet-stream',
          ...(keepUntil && {
            ObjectLockMode: 'COMPLIANCE' as const,
            ObjectLockRetainUntilDate: keepUntil,
          }),
          ...condition,
        }),
        timeLimit(this.#options, bytes.length),
      )
    try {
      await send(isNew ? { IfNoneMatch: '*' } : {})
    } catch (error) {
      if (!isNew || s3Status(error) !== 501) throw error
      await send({})
    }
  }
}
