import express from 'express'
import type { ErrorRequestHandler } from 'express'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { NocturneError } from '../../src/lib/errors.js'
import { readForm } from '../../src/doors/form/form-data.js'
import type { FormFields, FormLimits, FormSink } from '../../src/doors/form/contract.js'

export interface Taken {
  readonly fileName: string | undefined
  readonly contentType: string
  readonly bytes: Buffer
}

export interface UploadServer {
  readonly url: string
  readonly port: number
  /** What the sink of the last request received. */
  readonly seen: { fields: FormFields | undefined; parts: Taken[]; outcome: string | undefined }
  /** Resolves when readForm has settled for the next request. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** A server that runs the upload, with an error handler like the gateway's. */
export async function uploadServer(
  options: Partial<FormLimits> = {},
  sinkOf?: (seen: UploadServer['seen']) => FormSink,
): Promise<UploadServer> {
  const seen: UploadServer['seen'] = { fields: undefined, parts: [], outcome: undefined }
  const keep: FormSink = {
    begin: (fields) => {
      seen.fields = fields
      return Promise.resolve()
    },
    part: async ({ bytes, ...about }) => {
      const chunks: Buffer[] = []
      for await (const chunk of bytes) chunks.push(chunk)
      seen.parts.push({ ...about, bytes: Buffer.concat(chunks) })
    },
  }
  const waiting: (() => void)[] = []
  const app = express()
  app.post('/', async (request, response) => {
    seen.fields = undefined
    seen.parts = []
    seen.outcome = undefined
    try {
      await readForm(
        request,
        { requestItems: 100, idleSeconds: 5, ...options },
        sinkOf?.(seen) ?? keep,
      )
      seen.outcome = 'taken'
    } catch (error) {
      seen.outcome = error instanceof NocturneError ? error.code : 'unexpected'
      throw error
    } finally {
      waiting.splice(0).forEach((resolve) => {
        resolve()
      })
    }
    response.status(201).json({ parts: seen.parts.length })
  })
  const answer: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const ours = error instanceof NocturneError ? error : new NocturneError('internal')
    if (!request.complete) response.set('Connection', 'close')
    response.status(ours.status).json({ code: ours.code })
  }
  app.use(answer)
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    seen,
    settled: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const BOUNDARY = 'boundary-of-this-test'

export function part(headers: readonly string[], body: Buffer | string): Buffer {
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${headers.join('\r\n')}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
}

export const field = (name: string, value: string) =>
  part([`Content-Disposition: form-data; name="${name}"`], value)

export const file = (body: Buffer | string, name = 'a.dcm', formName = 'files') =>
  part(
    [
      `Content-Disposition: form-data; name="${formName}"; filename="${name}"`,
      'Content-Type: application/dicom',
    ],
    body,
  )

export const END = Buffer.from(`--${BOUNDARY}--\r\n`)

/**
 * Sends pieces over a raw connection, chunked.
 *
 * @returns status and code of the response.
 */
export async function send(
  port: number,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: { readonly contentType?: string; readonly halt?: boolean } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const socket = connect(port, '127.0.0.1')
  // The server may close the connection while we are still sending; its response is read
  // nevertheless.
  socket.on('error', () => undefined)
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk))
  const closed = once(socket, 'close')
  const answered = new Promise<void>((resolve) => {
    const look = () => {
      const text = Buffer.concat(received).toString('latin1')
      const [head, body] = text.split('\r\n\r\n', 2)
      const length = /content-length: (\d+)/i.exec(head ?? '')?.[1]
      if (length !== undefined && (body ?? '').length >= Number(length)) resolve()
    }
    socket.on('data', look)
    void closed.then(() => {
      resolve()
    })
  })
  socket.write(
    'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n' +
      `Content-Type: ${options.contentType ?? `multipart/form-data; boundary=${BOUNDARY}`}\r\n\r\n`,
  )
  const sending = (async () => {
    for await (const piece of pieces) {
      if (socket.destroyed || received.length > 0) return
      if (piece.length === 0) continue
      socket.write(`${piece.length.toString(16)}\r\n`)
      socket.write(piece)
      if (!socket.write('\r\n')) {
        await Promise.race([once(socket, 'drain').catch(() => undefined), closed, answered])
      }
    }
    if (options.halt !== true && !socket.destroyed) socket.write('0\r\n\r\n')
  })()
  await answered
  await sending
  socket.destroy()
  const text = Buffer.concat(received).toString('latin1')
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0),
    body: text.split('\r\n\r\n', 2)[1] ?? '',
  }
}
