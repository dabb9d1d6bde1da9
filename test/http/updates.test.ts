/** The stream of `/v1/updates`: what each caller is told, and how many streams there may be. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
// Loaded before `openSite` imports two modules in parallel that need the same package, which jest
// would link twice.
import '../../src/config/index.js'
import { openSite } from '../../src/cli/site/site.js'
import { openRooms } from '../../src/gateway/rooms.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { createApp } from '../../src/http/app.js'
import { topicsOf } from '../../src/http/updates/topics.js'
import { SYSTEM } from '../../src/lib/actors.js'
import { EventReader, writeEvent } from '../../src/protocol/updates/stream.js'
import type { StreamEvent } from '../../src/protocol/updates/stream.js'
import { besides } from '../_doors.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'

let site: TestSite
let rooms: Rooms
let server: Server
let url = ''
let files: string[] = []

beforeAll(async () => {
  site = await makeSite()
  const { config, secrets } = await openSite(site.dir)
  rooms = await openRooms({ config: { ...config, logLevel: 'silent' }, secrets })
  server = createServer(createApp(rooms, () => 'http://127.0.0.1', await besides(rooms)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  files = await makeStudy(join(site.dir, '..', 'study'), '--instances', '1', '--size', '64')
}, 60_000)

afterAll(async () => {
  await rooms.following.close()
  server.closeAllConnections()
  server.close()
  await rooms.close()
  await site.remove()
})

const open: AbortController[] = []
afterEach(() => open.splice(0).forEach((one) => one.abort()))

/** Opens a stream; `heard` grows while it lasts. */
async function listen(principal: string, query = '') {
  const ending = new AbortController()
  open.push(ending)
  const authorization = `Bearer ${await site.token(principal)}`
  const response = await fetch(`${url}/v1/updates${query}`, {
    headers: { authorization },
    signal: ending.signal,
  })
  const heard: StreamEvent[] = []
  const raw: string[] = []
  const reader = new EventReader()
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      const text = new TextDecoder().decode(chunk as Uint8Array)
      raw.push(text)
      heard.push(...reader.read(text))
    }
  })().catch(() => undefined)
  return { response, heard, raw, reading }
}

async function until(isSo: () => boolean, withinMs = 5_000): Promise<number> {
  const started = performance.now()
  while (!isSo()) {
    if (performance.now() - started > withinMs) throw new Error('it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return performance.now() - started
}

const isAbout = (topic: string) => (event: StreamEvent) =>
  event.kind === 'change' && event.topics.some((one) => one === topic)

describe('a stream of updates', () => {
  it('tells a reader of a new study within two seconds, and nothing of what is in it', async () => {
    const reader = await listen('reader-1')
    expect(reader.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    await until(() => reader.heard[0]?.kind === 'hello')
    await upload(site, { url }, files, { priority: 'stat' })
    expect(await until(() => reader.heard.some(isAbout('cases')))).toBeLessThan(2_000)
    expect(reader.raw.join('')).not.toMatch(/facility-a|nights|[0-9a-f]{8}-/)
  }, 30_000)

  it('says on return what was missed, and nothing to a stranger to it', async () => {
    const first = await listen('reader-1')
    await until(() => first.heard.length > 0)
    const hello = first.heard[0]
    const at = hello?.kind === 'hello' ? Number(hello.at) : 0
    const back = await listen('reader-1', `?from=${String(Math.max(0, at - 6))}`)
    await until(() => back.heard.length > 0)
    expect(back.heard[0]).toMatchObject({
      kind: 'hello',
      topics: expect.arrayContaining(['cases']),
    })
    const stranger = { id: 'x', role: 'reader', groups: [] } as const
    const change = { type: 'case.opened', facility: 'facility-a', group: 'nights' }
    expect(topicsOf([change], stranger as never, [])).toEqual([])
    expect(topicsOf([change], stranger as never, ['nights'])).toEqual(['cases'])
    const read = { ...change, type: 'report.read' }
    expect(topicsOf([read], stranger as never, ['nights'])).toEqual([])
  }, 30_000)

  it('is given to one account a limited number of times, and given back', async () => {
    const all = await Promise.all(Array.from({ length: 9 }, () => listen('facility-a')))
    const statuses = all.map(({ response }) => response.status).toSorted()
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => 200), 429])
    open.splice(0).forEach((one) => one.abort())
    await Promise.all(all.map(({ reading }) => reading))
    // The server sees the closed connections a moment later.
    let status = 429
    for (let turn = 0; turn < 50 && status === 429; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      status = (await listen('facility-a')).response.status
    }
    expect(status).toBe(200)
  }, 30_000)

  it('needs a token that is valid, and ends when the gateway stops', async () => {
    expect((await fetch(`${url}/v1/updates`)).status).toBe(401)
    const operator = await listen('operator-1')
    await until(() => operator.heard.length > 0)
    await rooms.tokens.revokeAll('reader-1', SYSTEM)
    await until(() => operator.heard.some(isAbout('site')))
    await rooms.following.close()
    await operator.reading
    expect(operator.heard.at(-1)).toEqual({ kind: 'end', why: 'stop' })
  }, 30_000)

  it('is read however the network cuts it, and refused when it is something else', () => {
    const events: StreamEvent[] = [
      { kind: 'hello', at: '7', topics: [] },
      { kind: 'beat' },
      { kind: 'change', at: '9', topics: ['cases', 'critical'] },
      { kind: 'end', why: 'session' },
    ]
    const text = events.map(writeEvent).join('')
    for (let size = 1; size < text.length; size++) {
      const reader = new EventReader()
      const found: StreamEvent[] = []
      for (let at = 0; at < text.length; at += size)
        found.push(...reader.read(text.slice(at, at + size)))
      expect(found).toEqual(events)
    }
    expect(() => new EventReader().read('x'.repeat(5_000))).toThrow(RangeError)
  })
})
