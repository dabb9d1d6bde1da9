import { createReadStream } from 'node:fs'
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { ConnectionError, GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { MAX_KEY_PACKET_BYTES } from './data-packet.js'
import { writeError } from '../local-write.js'
import { MAX_MANIFEST_BYTES, mismatch } from './manifest.js'
import { retry } from '../retry.js'

/**
 * Messages up to this size are opened in memory; larger ones are first written to disk, so that the
 * download can be resumed.
 */
export const IN_MEMORY_BYTES = 8 * 1024 * 1024

export interface Fetch {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  /** `/v1/transfers/ID/items/3` */
  readonly path: string
  /** Named in the error when the data does not match the manifest: `item 3`. */
  readonly what: string
  /** Size of the data packet according to the manifest. */
  readonly size: number
  readonly onBytes: (count: number) => void
  readonly onRetry: () => void
}

/**
 * Fetches a message of at most a few megabytes, restarting from the beginning after an
 * interruption. The caller owns its memory.
 * @throws CommandError
 */
export async function fetchToMemory(work: Fetch): Promise<Buffer> {
  return retry(work, async () => {
    const response = await work.client.open({ path: work.path })
    // Some proxies leave the length out.
    const announced = Number(response.headers['content-length'] ?? mostOf(work))
    checkSize(work, announced)
    const memory = Buffer.allocUnsafeSlow(announced)
    let size = 0
    for await (const chunk of bodyOf(response)) {
      checkSize(work, size + chunk.length)
      size += chunk.copy(memory, size)
    }
    work.onBytes(size)
    return memory.subarray(0, size)
  })
}

/**
 * The sealed manifest of a transfer.
 * @throws CommandError
 */
export const fetchManifest = (
  work: Pick<Fetch, 'client' | 'signal' | 'onRetry'>,
  transfer: string,
): Promise<Buffer> =>
  fetchToMemory({
    ...work,
    path: `/v1/transfers/${transfer}/manifest`,
    what: 'the manifest',
    size: MAX_MANIFEST_BYTES,
    onBytes: () => undefined,
  })

/**
 * Fetches a message to `file`, resuming where an earlier attempt, or an earlier process that was
 * killed, stopped. Its entity tag is kept next to it in `file`.etag and written first: the bytes on
 * disk always belong to that tag, and `If-Range` makes the gateway start over when the tag has
 * changed. The bytes are not verified here, but later against the digest in the manifest.
 *
 * @throws CommandError `manifest_mismatch` when it is larger than the manifest says, and errors of
 * the connection and the disk.
 */
export async function fetchToFile(work: Fetch, file: string): Promise<void> {
  let reported = 0
  let hasMoved = false
  /** Bytes on disk; those that were already there are reported once, too. */
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
    // Nothing follows the bytes on disk, so the file was already complete. If not, its digest will
    // not match.
    if (error instanceof GatewayError && error.status === 416) return 'complete'
    throw error
  }
}

const startsAt = (response: IncomingMessage, size: number): boolean =>
  (response.headers['content-range'] ?? '').startsWith(`bytes ${size}-`)

/**
 * A kill between the two steps leaves an empty file or none: the next attempt starts at 0 in either
 * case.
 */
async function restart(file: string, etag: string | undefined): Promise<void> {
  await rm(file, { force: true })
  await rm(`${file}.etag`, { force: true })
  // A weak tag is not allowed in If-Range (RFC 9110 section 13.1.5): such a download is not
  // resumed.
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

/** The body; an interruption is reported as a connection error, not as an internal one. */
export async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    throw error instanceof CommandError ? error : new ConnectionError(error)
  }
}

const mostOf = ({ size }: Pick<Fetch, 'size'>): number => size + MAX_KEY_PACKET_BYTES

function checkSize(work: Fetch, got: number): void {
  if (got > mostOf(work)) throw mismatch(work.what)
}

const sizeOf = async (path: string): Promise<number> =>
  (await stat(path).catch(() => undefined))?.size ?? 0

/** The file that `fetchToFile` wrote, as a stream. */
export const readBack = (file: string): AsyncIterable<Uint8Array> =>
  createReadStream(file, { highWaterMark: 256 * 1024 })
