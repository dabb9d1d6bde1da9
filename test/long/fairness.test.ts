/**
 * One facility and strangers try to keep the gateway from the others: idle connections, slow large
 * headers, slow downloads, floods of ranges and of connections. Another facility's STAT uploads and
 * `/healthz` are served meanwhile as without them.
 *
 * `bash scripts/test --long fairness` uses 4,000 connections, 400 downloads and so on; every run
 * uses a hundredth. What others wait is compared with the same gateway without an attack.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '../_eventually.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, form, upload } from '../whole-way/_http.js'
import { readerOf } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { waitedDuring, watched } from '../whole-way/_waiting.js'
import type { Waited } from '../whole-way/_waiting.js'
import { addMany } from './_many.js'

const IS_WHOLE = process.env.NOCTURNE_TEST_FAIRNESS === '1'
const share = (whole: number): number => (IS_WHOLE ? whole : Math.max(2, Math.ceil(whole / 100)))
const FLOOD = fileURLToPath(new URL('_flood.mjs', import.meta.url))
const ATTACK_MS = IS_WHOLE ? 1_000 * Number(process.env.NOCTURNE_FAIRNESS_SECONDS ?? 60) : 3_000

let site: TestSite
let gateway: RunningGateway
let study: string[]
let large: string
let lateness: string
let quiet: Seen
const rows: string[] = []
const sockets: Socket[] = []

beforeAll(async () => {
  site = await makeSite()
  await addMany(site, { facilities: 2, readers: 2 })
  study = await makeStudy(join(site.dir, '../study'), '--instances', '4', '--size', '64')
  lateness = join(site.dir, '../lateness')
  gateway = await site.start(watched(lateness))
  const document = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(24 << 20)])
  const file = { name: 'a.pdf', bytes: document, type: 'application/pdf' }
  const sent = await upload(site, gateway, [file])
  expect(sent.status).toBe(201)
  large = sent.body.id
  quiet = await seenWhile(() => delay(ATTACK_MS / 2))
  rows.push(rowOf('no attack', quiet))
}, 600_000)
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await gateway.stop()
  await site.remove()
  console.log(
    ['others, in ms: STAT upload p50/max, /healthz p99/max, loop p99/max', ...rows].join('\n'),
  )
})

interface Seen extends Waited {
  readonly stat: { readonly p50: number; readonly max: number; readonly count: number }
}

/** STAT uploads of another facility, one by one, and `/healthz`, until the attack is over. */
async function seenWhile(attack: () => Promise<unknown>): Promise<Seen> {
  const stop = new AbortController()
  const token = await site.token('site-1')
  const uploads = timed(stop.signal, async () => {
    const body = await form({ group: 'nights', priority: 'stat', again: 'true' }, study)
    const { status } = await call(gateway, 'POST', '/v1/transfers', { token, body })
    expect(status).toBe(201)
  })
  const waited = await waitedDuring(gateway, lateness, attack).finally(() => stop.abort())
  const sorted = (await uploads).sort((a, b) => a - b)
  const p50 = sorted[Math.floor(sorted.length / 2)] ?? 0
  return { ...waited, stat: { p50, max: sorted.at(-1) ?? 0, count: sorted.length } }
}

async function timed(signal: AbortSignal, work: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  while (!signal.aborted) {
    const from = performance.now()
    await work()
    times.push(performance.now() - from)
  }
  return times
}

async function expectFair(name: string, attack: () => Promise<unknown>): Promise<void> {
  const seen = await seenWhile(attack)
  rows.push(rowOf(name, seen))
  expect(seen.stat.count).toBeGreaterThan(0)
  // Both share the machine with the attackers, who are part of this process.
  expect(seen.stat.p50).toBeLessThan(500 + 5 * quiet.stat.p50)
  expect(seen.health.p99).toBeLessThan(250 + 5 * quiet.health.p99)
  expect(seen.max).toBeLessThan((IS_WHOLE ? 250 : 1_000) + 5 * quiet.max)
  if (IS_WHOLE) expect(seen.p99).toBeLessThan(50 + 5 * quiet.p99)
}

const descriptors = async (): Promise<number> =>
  (await readdir(`/proc/${gateway.pid}/fd`).catch(() => [])).length

const rowOf = (name: string, { stat, health, p99, max }: Seen): string =>
  `  ${name.padEnd(24)} ${[stat.p50, stat.max, health.p99, health.max, p99, max]
    .map((ms) => ms.toFixed(0).padStart(6))
    .join('')}`

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const many = <T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)))

describe(`other facilities${IS_WHOLE ? '' : ' (a hundredth)'}`, () => {
  it('are served while connections stay idle', async () => {
    await expectFair(`${share(4_000)} idle connections`, async () => {
      for (let left = share(4_000); left > 0; left -= 100) await many(Math.min(100, left), open)
      await delay(ATTACK_MS)
    })
  }, 300_000)

  it('are served while large headers arrive slowly', async () => {
    const token = await site.token('facility-a')
    const instance = await readFile(study[0] ?? '')
    // A private element of 20 MB, before the pixels, of which only some arrives.
    const element = Buffer.from('0900 1010 4f42 0000 00003001'.replaceAll(' ', ''), 'hex')
    const pixels = instance.indexOf(Buffer.from('e07f1000', 'hex'))
    const start = Buffer.concat([instance.subarray(0, pixels), element, Buffer.alloc(5 << 20)])
    await expectFair('2 slow large headers', async () => {
      const slow = await many(2, open)
      for (const socket of slow) {
        socket.resume()
        socket.write(
          `POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
            'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 30000000\r\n\r\n' +
            '--b\r\nContent-Disposition: form-data; name="group"\r\n\r\nnights\r\n' +
            '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n',
        )
        socket.write(start)
      }
      const drip = setInterval(() => slow.forEach((one) => one.write(Buffer.alloc(1_000))), 500)
      await delay(ATTACK_MS)
      clearInterval(drip)
      slow.forEach((one) => one.destroy())
    })
  }, 300_000)

  it('are served while downloads are read slowly', async () => {
    const { token } = await readerOf(site, 'reader-1')
    const other = await site.token('reader-2')
    await expectFair(`${share(400)} slow downloads`, async () => {
      const slow = await many(share(400), open)
      for (const socket of slow) {
        socket.pause()
        socket.write(
          `GET /v1/transfers/${large}/items/1 HTTP/1.1\r\nHost: x\r\n` +
            `Authorization: Bearer ${token}\r\n\r\n`,
        )
      }
      const sip = setInterval(() => slow.forEach((one) => void one.read(1_000)), 500)
      await delay(ATTACK_MS / 2)
      // Another reader's download finds a place.
      const path = `/v1/transfers/${large}/manifest`
      expect((await call(gateway, 'GET', path, { token: other })).status).toBe(200)
      await delay(ATTACK_MS / 2)
      clearInterval(sip)
      slow.forEach((one) => one.destroy())
    })
  }, 300_000)

  it('are served during a flood of connections that close at once', async () => {
    const before = await descriptors()
    let opened = 0
    // All of them, from the address of the others, are ahead of the others at the first moment.
    await expectFair('connections that close', async () => {
      const args = [FLOOD, gateway.url, '', String(share(200)), String(ATTACK_MS)]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      opened = (JSON.parse(stdout) as { opened?: number }).opened ?? 0
    })
    expect(opened).toBeGreaterThan(100)
    const after = await eventually(descriptors, (count) => count < before + 20)
    expect(after).toBeLessThan(before + 20)
    rows.push(`  ${opened} connections`)
  }, 300_000)

  it('are served during a flood of ranges, which is one event', async () => {
    const { token } = await readerOf(site, 'reader-1')
    const officer = await site.token('officer-1')
    const path = `/v1/transfers/${large}/items/1`
    let statuses: Readonly<Record<string, number>> = {}
    await expectFair('a flood of ranges', async () => {
      const args = [FLOOD, gateway.url + path, token, String(share(800)), String(ATTACK_MS)]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      statuses = JSON.parse(stdout) as typeof statuses
    })
    const asked = statuses['206'] ?? 0
    const query = `type=download.begun&transfer=${large}&limit=1000`
    const { body } = await call(gateway, 'GET', `/v1/audit/events?${query}`, { token: officer })
    const events = body.events as { entry: { item: number; detail: { end: number } } }[]
    const ranged = events.filter(({ entry }) => entry.item === 1 && entry.detail.end < 1_000)
    expect(asked).toBeGreaterThan(10)
    expect(ranged.length).toBeLessThan(5)
    rows.push(`  ${JSON.stringify(statuses)}, ${ranged.length} events`)
  }, 300_000)
})
