import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import fc from 'fast-check'
import multer from 'multer'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { GatewayClient } from '../../src/cli/client.js'
import type { LocalFile } from '../../src/cli/sender/files.js'
import { multipartBody } from '../../src/cli/sender/multipart.js'
import { scratch } from './_cli.js'

interface Received {
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly Express.Multer.File[]
}

let folder: Awaited<ReturnType<typeof scratch>>
let server: Server
let client: GatewayClient
let last: Received

async function listen(listening: Server): Promise<string> {
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
}

beforeAll(async () => {
  folder = await scratch()
  const app = express()
  app.post('/', multer({ storage: multer.memoryStorage() }).any(), (request, response) => {
    const fields = request.body as Record<string, string>
    last = { fields, files: request.files as Express.Multer.File[] }
    response.json({})
  })
  server = createServer(app)
  client = new GatewayClient({ url: await listen(server) })
})

afterAll(async () => {
  client.close()
  server.close()
  await folder.dispose()
})

async function fileOf(name: string, content: Uint8Array): Promise<LocalFile> {
  const path = join(folder.path, name)
  await writeFile(path, content)
  return { path, at: path, size: content.length, mediaType: 'application/dicom' }
}

const never = new AbortController().signal

async function written(body: ReturnType<typeof multipartBody>): Promise<Buffer> {
  const sink = new PassThrough({ highWaterMark: 1024 })
  const chunks: Buffer[] = []
  sink.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)))
  await body.writeTo(sink, never)
  return Buffer.concat(chunks)
}

/** Parsed by multer, which the gateway uses. */
async function received(body: ReturnType<typeof multipartBody>): Promise<Received> {
  await client.json({ method: 'POST', path: '/', body })
  return last
}

describe('the multipart writer', () => {
  it('writes what multer reads back, with exactly the announced number of bytes', async () => {
    let turn = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 5 }),
        async (contents) => {
          turn += 1
          const files = await Promise.all(
            contents.map((content, at) => fileOf(`p${turn}-${at}`, content)),
          )
          const body = multipartBody({ fields: [['group', 'nights']], files })
          expect((await written(body)).length).toBe(body.contentLength)
          const seen = await received(body)
          expect(seen.fields).toMatchObject({ group: 'nights' })
          expect(seen.files.map(({ originalname }) => originalname)).toEqual(
            contents.map((_, at) => String(at + 1)),
          )
          expect(seen.files.map(({ buffer }) => buffer)).toEqual(
            contents.map((content) => Buffer.from(content)),
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('keeps the blocks of a large file separate', async () => {
    const content = Buffer.alloc(1_300_001)
    for (let at = 0; at + 4 <= content.length; at += 4) content.writeUInt32LE(at, at)
    const body = multipartBody({ fields: [], files: [await fileOf('large', content)] })
    const { files } = await received(body)
    expect(files[0]?.buffer.equals(content)).toBe(true)
  })

  it('never sends the name of a file', async () => {
    const body = multipartBody({
      fields: [],
      files: [await fileOf('DOE^JANE.dcm', Buffer.from('x'))],
    })
    expect((await written(body)).toString('latin1')).not.toContain('DOE')
  })

  it('fails when a file no longer has the announced length', async () => {
    const shrunk = await fileOf('shrunk', Buffer.alloc(1000))
    await truncate(shrunk.path, 10)
    const grown = { ...(await fileOf('grown', Buffer.alloc(1000))), size: 10 }
    for (const file of [shrunk, grown]) {
      await expect(received(multipartBody({ fields: [], files: [file] }))).rejects.toMatchObject({
        code: 'file_unreadable',
      })
    }
  })

  it('stops reading files once the response has arrived', async () => {
    const files = await Promise.all(
      Array.from({ length: 5 }, (_, at) => fileOf(`s${at}`, Buffer.alloc(300_000))),
    )
    const stop = new AbortController()
    let seen = 0
    const body = multipartBody({
      fields: [],
      files,
      onBytes: (count) => {
        seen += count
        stop.abort()
      },
    })
    await body.writeTo(new PassThrough({ highWaterMark: 1024 }), stop.signal)
    expect(seen).toBeLessThan(600_000)
  })
})

describe('an upload that is answered early', () => {
  it('reports the answer and not the broken connection', async () => {
    const problem = { title: 'too many files', code: 'too_many_items', hint: 'split it' }
    const refusing = createServer((request, response) => {
      request.once('data', () => {
        response.writeHead(413, { 'content-type': 'application/problem+json', connection: 'close' })
        response.end(JSON.stringify(problem))
      })
    })
    const file = await fileOf('early', Buffer.alloc(8_000_000))
    const refused = new GatewayClient({ url: await listen(refusing) })
    try {
      for (let turn = 0; turn < 30; turn++) {
        const body = multipartBody({ fields: [], files: [file, file, file, file] })
        await expect(
          refused.json({ method: 'POST', path: '/v1/transfers', body }),
        ).rejects.toMatchObject({ code: 'too_many_items', message: 'too many files' })
      }
    } finally {
      refused.close()
      refusing.close()
      refusing.closeAllConnections()
    }
  })
})
