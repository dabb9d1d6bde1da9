import { createReadStream } from 'node:fs'
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { ConnectionError, GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { MAX_KEY_PACKET_BYTES } from './data-packet.js'
import { writeError } from '../local-write.js'
import { mismatch } from './manifest.js'
import { retry } from '../retry.js'

/**
 * Up to here a message is held in memory while it is opened; a larger one goes to disk first, to be
 * resumable.
 */
export const IN_MEMORY_BYTES = 8 * 1024 * 1024

export interface Fetch {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  /** `/v1/transfers/ID/items/3` */
  readonly path: string
  /** Named when what comes is not what the manifest says: `item 3`. */
  readonly what: string
  /** Size of the data packet as the manifest names it. */
  readonly size: number
  readonly onBytes: (count: number) => void
  readonly onRetry: () => void
}

/**
 * A message of a few megabytes at most, from the start again after a break.
 * @throws CommandError
 */
export async function fetchToMemory(work: Fetch): Promise<Buffer> {
  return retry(work, async () => {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of bodyOf(await work.client.open({ path: work.path }))) {
      size += chunk.length
      checkSize(work, size)
      chunks.push(chunk)
    }
    work.onBytes(size)
    return Buffer.concat(chunks)
  })
}

/**
 * A message to `file`, going on where an earlier attempt, or an earlier process that was killed,
 * stopped. Its entity tag is kept beside it in `file`.etag and written first: the bytes on disk
 * always belong to that tag, and `If-Range` makes the gateway start over when the tag is no longer
 * right. Nothing here says that the bytes are right; the digest in the manifest does, later.
 *
 * @throws CommandError `manifest_mismatch` when it is larger than the manifest says, and what the
 * connection and the disk refuse.
 */
export async function fetchToFile(work: Fetch, file: string): Promise<void> {
  let reported = 0
  let hasMoved = false
  /** Bytes that are on disk: those that were there already are told once as well. */
  const onSize = (size: number) => {
    if (size <= reported) return
    work.onBytes(size - reported)
    reported = size
    hasMoved = true
  }
  await retry({ ...work, hasMoved: () => hasMoved }, async () => {
    const etag = await readFile(`${file}.etag`, 'utf8').catch(() => undefined)
    const size = etag === undefined ? 0 : await sizeOf(file)
    onSize(size)
    hasMoved = false
    const response = await openRange(work, size, etag)
    if (response === 'complete') return
    const isRest = response.statusCode === 206
    if (isRest && !startsAt(response, size)) throw mismatch(work.what)
    if (!isRest) await restart(file, response.headers.etag)
    await append(work, file, response, isRest ? size : 0, onSize)
  })
}

async function openRange(
  work: Fetch,
  size: number,
  etag: string | undefined,
): Promise<IncomingMessage | 'complete'> {
  if (size === 0 || etag === undefined) return work.client.open({ path: work.path })
  const headers = { range: `bytes=${size}-`, 'if-range': etag }
  try {
    return await work.client.open({ path: work.path, headers })
  } catch (error) {
    // Nothing lies behind what is there: it was whole already. Were it not, its digest would say
    // so.
    if (error instanceof GatewayError && error.status === 416) return 'complete'
    throw error
  }
}

const startsAt = (response: IncomingMessage, size: number): boolean =>
  (response.headers['content-range'] ?? '').startsWith(`bytes ${size}-`)

/**
 * A kill between the two steps leaves an empty file or none: the next attempt begins at 0 either
 * way.
 */
async function restart(file: string, etag: string | undefined): Promise<void> {
  await rm(file, { force: true })
  await rm(`${file}.etag`, { force: true })
  // A weak tag cannot stand in If-Range (RFC 9110 section 13.1.5): such an answer is not resumed.
  if (etag === undefined || !/^"[\x21\x23-\x7e]{1,200}"$/.test(etag)) return
  await writeFile(`${file}.etag`, etag, { mode: 0o600 }).catch((error: unknown) => {
    throw writeError(file, error)
  })
}

async function append(
  work: Fetch,
  path: string,
  response: IncomingMessage,
  before: number,
  onSize: (size: number) => void,
): Promise<void> {
  const file = await open(path, 'a', 0o600).catch((error: unknown) => {
    throw writeError(path, error)
  })
  let size = before
  try {
    for await (const chunk of bodyOf(response)) {
      size += chunk.length
      checkSize(work, size)
      await writeAll(file, path, chunk)
      onSize(size)
    }
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, path: string, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done).catch((error: unknown) => {
      throw writeError(path, error)
    })
    done += bytesWritten
  }
}

/** The body, whose break is a broken connection and not a mistake of ours. */
export async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    throw error instanceof CommandError ? error : new ConnectionError(error)
  }
}

function checkSize({ size, what }: Fetch, got: number): void {
  if (got > size + MAX_KEY_PACKET_BYTES) throw mismatch(what)
}

const sizeOf = async (path: string): Promise<number> =>
  (await stat(path).catch(() => undefined))?.size ?? 0

/** What `fetchToFile` wrote, as a stream. */
export const readBack = (file: string): AsyncIterable<Uint8Array> =>
  createReadStream(file, { highWaterMark: 256 * 1024 })
