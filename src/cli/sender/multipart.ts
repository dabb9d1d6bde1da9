import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import type { Body } from '../client.js'
import { fileError } from '../command-error.js'
import { write } from '../write-body.js'
import type { LocalFile } from './files.js'

/**
 * Double buffering: while one block is sent, the next is read, so memory stays at two blocks.
 */
const BLOCK_BYTES = 256 * 1024

export interface MultipartOptions {
  /** Sent before the files, in this order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly files: readonly LocalFile[]
  readonly onBytes?: (count: number) => void
  readonly onFile?: () => void
}

/**
 * A multipart/form-data body (RFC 7578) whose length is known in advance, from files that are
 * opened one at a time. A part's file name is its number: the sender's own file names often contain
 * a patient's name and are never sent.
 */
export function multipartBody({ fields, files, onBytes, onFile }: MultipartOptions): Body {
  const boundary = newBoundary()
  const head = fieldParts(boundary, fields)
  const partHeads = files.map(({ mediaType }, at) => filePartHead(boundary, at + 1, mediaType))
  const partEnd = Buffer.from('\r\n')
  const tail = Buffer.from(`--${boundary}--\r\n`)
  const contentLength = files.reduce(
    (sum, file, at) => sum + (partHeads[at]?.length ?? 0) + file.size + partEnd.length,
    head.length + tail.length,
  )

  const writeTo = async (request: Writable, stopped: AbortSignal) => {
    const blocks = [Buffer.allocUnsafe(BLOCK_BYTES), Buffer.allocUnsafe(BLOCK_BYTES)] as const
    // Only blocks of a file are waited for: their memory is reused.
    void write(request, head, stopped)
    for (const [at, file] of files.entries()) {
      if (stopped.aborted) return
      void write(request, partHeads[at] ?? partEnd, stopped)
      await writeFile(request, file, blocks, stopped, onBytes)
      void write(request, partEnd, stopped)
      onFile?.()
    }
    await write(request, tail, stopped)
  }
  return { contentType: `multipart/form-data; boundary=${boundary}`, contentLength, writeTo }
}

export interface StreamedPart {
  readonly mediaType: string
  /** Number of bytes that `content` yields. */
  readonly size: number
  readonly content: () => AsyncIterable<Uint8Array>
}

/** The same for parts whose content is produced while it is sent. */
export function streamBody(
  fields: MultipartOptions['fields'],
  parts: readonly StreamedPart[],
): Body {
  const boundary = newBoundary()
  const head = fieldParts(boundary, fields)
  const partHeads = parts.map(({ mediaType }, at) => filePartHead(boundary, at + 1, mediaType))
  const partEnd = Buffer.from('\r\n')
  const tail = Buffer.from(`--${boundary}--\r\n`)
  const writeTo = async (request: Writable, stopped: AbortSignal) => {
    await write(request, head, stopped)
    for (const [at, { content }] of parts.entries()) {
      await write(request, partHeads[at] ?? partEnd, stopped)
      for await (const chunk of content()) {
        if (stopped.aborted) return
        // Copied: the producer may reuse the memory before it is sent.
        await write(request, Buffer.from(chunk), stopped)
      }
      await write(request, partEnd, stopped)
    }
    await write(request, tail, stopped)
  }
  const contentLength = parts.reduce(
    (sum, { size }, at) => sum + (partHeads[at]?.length ?? 0) + size + partEnd.length,
    head.length + tail.length,
  )
  return { contentType: `multipart/form-data; boundary=${boundary}`, contentLength, writeTo }
}

const newBoundary = (): string => `nocturne-${randomBytes(18).toString('hex')}`

const fieldParts = (boundary: string, fields: MultipartOptions['fields']): Buffer =>
  Buffer.from(
    fields
      .map(
        ([name, value]) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      .join(''),
  )

const filePartHead = (boundary: string, number: number, mediaType: string): Buffer =>
  Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${number}"\r\n` +
      `Content-Type: ${mediaType}\r\n\r\n`,
  )

/**
 * @throws CommandError `file_unreadable`, also when the file no longer has the announced size.
 */
async function writeFile(
  request: Writable,
  { path, at, size }: LocalFile,
  blocks: readonly [Buffer, Buffer],
  stopped: AbortSignal,
  onBytes: ((count: number) => void) | undefined,
): Promise<void> {
  const file = await open(at, 'r').catch((error: unknown) => {
    throw fileError(path, error)
  })
  let writing = Promise.resolve()
  try {
    let left = size
    for (let turn = 0; !stopped.aborted; turn ^= 1) {
      const block = turn === 0 ? blocks[0] : blocks[1]
      const { bytesRead } = await file.read(block, 0, block.length).catch((error: unknown) => {
        throw fileError(path, error)
      })
      await writing
      if (bytesRead > left || (bytesRead === 0 && left > 0)) throw fileError(path, undefined)
      if (bytesRead === 0) break
      left -= bytesRead
      writing = write(request, block.subarray(0, bytesRead), stopped)
      onBytes?.(bytesRead)
    }
  } finally {
    await writing
    await file.close()
  }
}
