/**
 * Clients that hold connections: sending byte by byte, not reading, or sending nothing. The gateway
 * continues to respond to others and disconnects them.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../_eventually.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { readerOf } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { inspectSite } from './_site-state.js'

/** On a busy machine an honest client may be delayed by a second or two. */
const IDLE_SECONDS = 4
/** More than both kernels buffer for a connection, so that most of it waits in the gateway. */
const LARGE = 48 << 20

let site: TestSite
let gateway: RunningGateway
let files: string[]
const table: string[] = []

beforeAll(async () => {
  site = await makeSite()
  await site.configure(
    (yaml) => `${yaml}\nlimits: { idleSeconds: ${IDLE_SECONDS}, requestItems: 50 }\n`,
  )
  files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
  gateway = await site.start()
}, 60_000)
afterAll(async () => {
  console.log(['clients that hold on', ...table].join('\n'))
  await gateway.stop()
  await site.remove()
})

const open = (): Promise<Socket> => {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  return once(socket, 'connect').then(() => socket)
}

/** Resident memory of the gateway, in MB. */
const resident = async (): Promise<number> => {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024
}

async function expectServing(): Promise<void> {
  expect((await call(gateway, 'GET', '/healthz')).status).toBe(200)
  expect((await upload(site, gateway, files)).status).toBe(201)
}

async function expectNothingLeft(): Promise<void> {
  const look = () => inspectSite(site.dir)
  const { problems } = await eventually(look, (seen) => seen.problems.length === 0)
  expect(problems).toEqual([])
}

describe('a client that occupies the gateway', () => {
  it('by sending its upload byte by byte is disconnected, and nothing of it is left', async () => {
    const sender = await site.token('facility-a')
    const head =
      `POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${sender}\r\n` +
      'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n' +
      '--b\r\nContent-Disposition: form-data; name="group"\r\n\r\nnights\r\n' +
      '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    const trickles = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = await open()
        let answer = ''
        socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
        socket.write(head)
        const trickle = setInterval(() => socket.write('%'), 100)
        return { closed: once(socket, 'close'), trickle, answer: () => answer }
      }),
    )
    await expectServing()
    for (const { closed, trickle, answer } of trickles) {
      await eventually(
        () => Promise.resolve(answer()),
        (text) => text.includes('slow_client'),
      )
      clearInterval(trickle)
      expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
      await closed
    }
    await expectNothingLeft()
    table.push('  4 uploads at 10 bytes a second: 408, nothing left')
  }, 60_000)

  it('by not reading its download is disconnected, and the ledger records how it ended', async () => {
    const document = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(LARGE)])
    const sent = await upload(site, gateway, [
      { name: 'a.pdf', bytes: document, type: 'application/pdf' },
    ])
    expect(sent.status).toBe(201)
    const { token } = await readerOf(site)
    const before = await resident()
    const path = `/v1/transfers/${sent.body.id}/items/1`
    const sockets = await Promise.all(Array.from({ length: 8 }, open))
    for (const socket of sockets) {
      socket.pause()
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    }
    await expectServing()
    const officer = await site.token('officer-1')
    const ended = async () => {
      const query = `type=download.ended&transfer=${sent.body.id}&limit=100`
      const { body } = await call(gateway, 'GET', `/v1/audit/events?${query}`, { token: officer })
      return body.events as { entry: { outcome: number } }[]
    }
    const events = await eventually(ended, (seen) => seen.length === sockets.length)
    expect(events.map(({ entry }) => entry.outcome)).toEqual(sockets.map(() => 4))
    const grown = (await resident()) - before
    expect(grown).toBeLessThan((sockets.length * LARGE) / 2 ** 20 / 2)
    for (const socket of sockets) socket.destroy()
    await expectNothingLeft()
    table.push(
      `  8 downloads of 48 MB that nobody reads: ended, ${Math.round(grown)} MB more memory`,
    )
  }, 60_000)

  it('with 1,000 connections that send nothing is disconnected, and others are served in the meantime', async () => {
    const before = await resident()
    // Watched from the start: beyond the bound on connections of one address, some close at once.
    const watched = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const socket = await open()
        return { closed: once(socket.resume(), 'close') }
      }),
    )
    await expectServing()
    const grown = (await resident()) - before
    await Promise.all(watched.map(({ closed }) => closed))
    await expectServing()
    expect(grown).toBeLessThan(100)
    table.push(
      `  1,000 idle connections: served meanwhile, all closed, ${Math.round(grown)} MB more memory`,
    )
  }, 60_000)

  it('with 10,000 parts at once is answered, and nothing of them is left', async () => {
    const parts = Array.from({ length: 10_000 }, (_, i) => ({
      name: `${i}.txt`,
      bytes: Buffer.from(`${i}`),
    }))
    const answer = await upload(site, gateway, parts)
    expect([answer.status, answer.body.code]).toEqual([413, 'too_many_items'])
    await expectNothingLeft()
    table.push('  10,000 parts: 413, nothing left in store or spool')
  }, 60_000)
})
