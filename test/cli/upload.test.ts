import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express } from 'express'
import multer from 'multer'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { GatewayClient } from '../../src/cli/client.js'
import { listFiles } from '../../src/cli/sender/files.js'
import { Progress } from '../../src/cli/progress.js'
import { upload } from '../../src/cli/sender/upload.js'
import { scratch } from './_cli.js'

/**
 * Simulates what a real gateway does only when something breaks: lost responses, and a busy
 * gateway. The rest of `send` is tested with a real one in gateway.test.ts.
 */
const ID = '01985b2e-7c11-7f3a-9d52-1f0c5a9be001'
const limits = { requestItems: 2, itemBytes: 1e9, transferItems: 5, transferBytes: 1e6 }
const about = { name: 'gw', origin: 'o', version: '1', certificate: 'c', ledgerKey: 'k', limits }

let folder: Awaited<ReturnType<typeof scratch>>
beforeAll(async () => {
  folder = await scratch()
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder.path, name), name)
})
afterAll(() => folder.dispose())

interface Seen {
  readonly key: string
  readonly path: string
  readonly parts: number
}

/** Nothing in the request is kept. */
const LOST = 0
/** The request is kept, but its response is lost. */
const ANSWER_LOST = 1

/** `answer` receives the path and the number of requests for it so far, and returns the status. */
async function send(names: readonly string[], answer: (path: string, turn: number) => number) {
  const seen: Seen[] = []
  const kept = new Map<string, object>()
  let index = 0
  const app: Express = express()
  app.get('/v1/gateway', (_, response) => response.json(about))
  app.get('/v1/transfers/:id', (_, response) => {
    const counts = { items: 3, bytes: 3, facility: 'f', group: 'g', priority: 'stat' }
    response.json({ id: ID, state: 'available', createdAt: '2026-01-01T00:00:00.000Z', ...counts })
  })
  app.get('/v1/uploads/:key', (request, response) => {
    const found = kept.get(request.params.key)
    response.status(found ? 200 : 404)
    response.json(found ?? { code: 'not_found', title: 'no', hint: 'no' })
  })
  app.post('/{*path}', multer({ storage: multer.memoryStorage() }).any(), (request, response) => {
    const parts = Array.isArray(request.files) ? request.files.length : 0
    seen.push({ path: request.path, parts, key: request.get('idempotency-key') ?? '' })
    const key = request.get('idempotency-key') ?? ''
    const turn = seen.filter(({ path }) => path === request.path).length
    const status = answer(request.path, turn)
    const isTaken = status < 300 && status !== LOST
    if (status === LOST) {
      response.destroy()
      return
    }
    const items = Array.from({ length: parts }, () => {
      index += 1
      return { index, kind: 'document', outcome: 'accepted' }
    })
    const taken = request.path.endsWith('complete')
      ? { id: ID, state: 'available', receipt: 'a proof' }
      : { id: ID, state: 'open', items }
    if (isTaken || status === ANSWER_LOST)
      kept.set(key, { transfer: ID, state: 'done', answer: taken })
    if (status === ANSWER_LOST) {
      response.destroy()
      return
    }
    response
      .status(status)
      .json(
        isTaken
          ? taken
          : { code: status === 409 ? 'transfer_not_open' : 'too_busy', title: 'no', hint: 'later' },
      )
  })
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const { port } = server.address() as AddressInfo
  const client = new GatewayClient({ url: `http://127.0.0.1:${port}` })
  try {
    const report = await upload({
      client,
      files: (await listFiles(names.map((name) => join(folder.path, name)))).files,
      group: undefined,
      priority: 'stat',
      progress: new Progress(new PassThrough(), { label: 'sending' }),
      signal: new AbortController().signal,
      onRetry: () => undefined,
    })
    return { report, seen }
  } catch (error) {
    return { error, seen }
  } finally {
    client.close()
    server.closeAllConnections()
    server.close()
  }
}

describe('an upload in one request', () => {
  it('is not sent again when its response was lost', async () => {
    const { report, seen } = await send(['a', 'b'], () => ANSWER_LOST)
    expect(report?.answer).toMatchObject({ id: ID, items: [{ index: 1 }, { index: 2 }] })
    expect(seen).toHaveLength(1)
  })

  it('is sent again, under the same key, when the gateway has nothing of it', async () => {
    const { report, seen } = await send(['a', 'b'], (_, turn) => (turn === 1 ? LOST : 201))
    expect(report?.answer.items).toHaveLength(2)
    expect(seen).toHaveLength(2)
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1)
  })

  it('is sent again when the gateway reports that it kept nothing', async () => {
    const { report, seen } = await send(['a', 'b'], (_, turn) => (turn === 1 ? 503 : 201))
    expect(report?.answer.items).toHaveLength(2)
    expect(seen).toHaveLength(2)
  })
})

describe('an upload in several requests', () => {
  it('repeats requests without a response, and completes once', async () => {
    const { report, seen } = await send(['a', 'b', 'c'], (path, turn) =>
      path.endsWith('/items') && turn === 1 ? LOST : 201,
    )
    expect(seen).toMatchObject([
      { path: '/v1/transfers', parts: 2 },
      { path: `/v1/transfers/${ID}/items`, parts: 1 },
      { path: `/v1/transfers/${ID}/items`, parts: 1 },
      { path: `/v1/transfers/${ID}/complete`, parts: 0 },
    ])
    expect(report?.answer).toMatchObject({ id: ID, state: 'available' })
  })

  it('treats "no longer open" as success when the response to completing was lost', async () => {
    const { report } = await send(['a', 'b', 'c'], (path, turn) =>
      path.endsWith('/complete') ? (turn === 1 ? LOST : 409) : 201,
    )
    expect(report?.answer).toMatchObject({ id: ID, state: 'available' })
    const { error } = await send(['a', 'b', 'c'], (path) =>
      path.endsWith('/complete') ? 409 : 201,
    )
    expect(error).toMatchObject({ code: 'transfer_not_open' })
  })

  it('sends nothing that the gateway would certainly refuse', async () => {
    await writeFile(join(folder.path, 'large'), Buffer.alloc(1_000_001))
    const { error, seen } = await send(['large'], () => 201)
    expect(error).toMatchObject({ code: 'transfer_too_large' })
    expect(seen).toEqual([])
  })
})
