/**
 * A night: facilities send, readers claim, fetch, open and acknowledge, an officer searches, and
 * attackers try to be in the way. No honest client gets an error, and memory stays flat.
 *
 * `bash scripts/test --long soak` runs 40 facilities and 20 readers for an hour;
 * NOCTURNE_SOAK_MINUTES sets another time. Every run soaks for a few seconds.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, form } from '../whole-way/_http.js'
import { acknowledge, claim, openTransfer, readerOf } from '../whole-way/_reader.js'
import type { Reader } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { health, spreadOf } from '../whole-way/_waiting.js'
import { SEED, choices } from './_choices.js'
import { addMany } from './_many.js'

const numberOf = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

const MINUTES = numberOf('NOCTURNE_SOAK_MINUTES', 0.15)
const FACILITIES = numberOf('NOCTURNE_SOAK_FACILITIES', 3)
const READERS = numberOf('NOCTURNE_SOAK_READERS', 2)
const SOAK_MS = MINUTES * 60_000
/** A pause between two studies of a facility, and between two looks of a reader. */
const PAUSE_MS = 1_000

let site: TestSite
let gateway: RunningGateway
let names: Awaited<ReturnType<typeof addMany>>
let instance: Buffer
const random = choices()
const stop = new AbortController()
/** What no honest client should see. */
const errors: string[] = []
const done = { sent: 0, read: 0, searched: 0, attacks: 0 }
const memory: number[] = []
const healths: number[] = []

beforeAll(async () => {
  site = await makeSite()
  names = await addMany(site, { facilities: FACILITIES, readers: READERS })
  const files = await makeStudy(join(site.dir, '../study'), ...['--instances', '1', '--size', '64'])
  instance = await readFile(files[0] ?? '')
  gateway = await site.start()
}, 600_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

/** Repeats until the end; an error of it is one of ours, not of the attackers. */
async function honest(name: string, pauseMs: number, work: () => Promise<void>): Promise<void> {
  await delay(random.below(pauseMs))
  while (!stop.signal.aborted) {
    try {
      await work()
    } catch (error) {
      errors.push(`${name}: ${toldBy(error)}`)
    }
    await delay(pauseMs / 2 + random.below(pauseMs))
  }
}

/** With its causes: `fetch` itself says only that it failed. Its errors are of another realm. */
function toldBy(error: unknown): string {
  const cause: unknown = (error as { readonly cause?: unknown }).cause
  return cause === undefined ? String(error) : `${String(error)}: ${toldBy(cause)}`
}

/** 503 with `too_busy` asks to repeat later, which every client does. */
async function patiently(work: () => ReturnType<typeof call>): ReturnType<typeof call> {
  for (;;) {
    const answer = await work()
    if (answer.body.code !== 'too_busy' || stop.signal.aborted) return answer
    await delay(200 + random.below(400))
  }
}

async function sendStudy(token: string): Promise<void> {
  const notes = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    name: `${i}.txt`,
    bytes: Buffer.from(String(random.below(2 ** 31)).repeat(1 + random.below(3_000))),
    type: 'text/plain',
  }))
  const files = [{ name: 'a.dcm', bytes: instance }, ...notes]
  const priority = random.pick(['routine', 'urgent', 'stat'])
  const body = await form({ group: 'nights', again: 'true', priority }, files)
  const answer = await patiently(() => call(gateway, 'POST', '/v1/transfers', { token, body }))
  // Nobody repeats after the end.
  if (answer.body.code === 'too_busy') return
  if (answer.status !== 201) throw new Error(`send ${answer.status} ${answer.body.code}`)
  done.sent += 1
}

/** Takes what nobody else has taken; losing it to a colleague is no error. */
async function readOne(reader: Reader): Promise<void> {
  const inbox = await call(gateway, 'GET', '/v1/inbox', { token: reader.token })
  if (inbox.status !== 200) throw new Error(`inbox ${inbox.status} ${inbox.body.code}`)
  const waiting = inbox.body.transfers as { id: string; claimedBy?: string }[]
  const free = waiting.filter(({ claimedBy }) => claimedBy === undefined)
  if (free.length === 0) return
  const { id } = random.pick(free.slice(0, READERS))
  const claimed = await claim(gateway, reader, id)
  if (claimed.status === 409) return
  if (claimed.status !== 200) throw new Error(`claim ${claimed.status} ${claimed.body.code}`)
  const { status, body } = await acknowledge(
    gateway,
    reader,
    await openTransfer(gateway, reader, id),
  )
  if (status !== 200) throw new Error(`acknowledge ${status} ${body.code}`)
  done.read += 1
}

async function search(token: string): Promise<void> {
  const query = random.pick(['type=download.begun', 'question=outside', 'limit=1000', ''])
  const answer = await call(gateway, 'GET', `/v1/audit/events?${query}`, { token })
  if (answer.status !== 200) throw new Error(`search ${answer.status} ${answer.body.code}`)
  done.searched += 1
}

/** Whatever becomes of them, others are what matters. */
async function attack(token: string): Promise<void> {
  const { hostname, port } = new URL(gateway.url)
  while (!stop.signal.aborted) {
    done.attacks += 1
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined).resume()
    socket.write(
      random.pick([
        '',
        'GET / HTTP/1.1\r\n',
        `POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
          'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 900\r\n\r\n--b\r\n',
        'GET /v1/inbox HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n',
        'POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{',
      ]),
    )
    setTimeout(() => socket.destroy(), random.below(5_000)).unref()
    await delay(50)
  }
}

async function watch(): Promise<void> {
  for (let round = 0; !stop.signal.aborted; round++) {
    const from = performance.now()
    await health(gateway).catch((error: unknown) => errors.push(`healthz: ${String(error)}`))
    healths.push(performance.now() - from)
    if (round % 10 === 0) {
      const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8')
      memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024)
    }
    await delay(100)
  }
}

describe(`${MINUTES} minutes of ${FACILITIES} facilities and ${READERS} readers (seed ${SEED})`, () => {
  it(
    'have no error for honest clients, and need no more memory at the end',
    async () => {
      const readers = await Promise.all(names.readers.map((name) => readerOf(site, name)))
      const officer = await site.token('officer-1')
      // The last facility is not honest.
      const [attacker = '', ...others] = [...names.facilities].reverse()
      const working = [
        ...others.map(async (name) => {
          const token = await site.token(name)
          await honest(name, 10 * PAUSE_MS, () => sendStudy(token))
        }),
        ...readers.map((reader) => honest(reader.id, PAUSE_MS, () => readOne(reader))),
        honest('officer', 10 * PAUSE_MS, () => search(officer)),
        attack(await site.token(attacker)),
        watch(),
      ]
      await delay(SOAK_MS)
      stop.abort()
      await Promise.all(working)
      const half = memory.slice(Math.floor(memory.length / 2))
      const [early, late] = [median(memory.slice(0, half.length)), median(half)]
      const { p99, max } = spreadOf(healths)
      console.log(
        `${done.sent} sent, ${done.read} read, ${done.searched} searches, ${done.attacks} attacks; ` +
          `/healthz p99 ${p99.toFixed(0)} ms, max ${max.toFixed(0)} ms; ` +
          `memory ${early.toFixed(0)} MB in the first half, ${late.toFixed(0)} MB in the second`,
      )
      expect(errors).toEqual([])
      expect(done.sent).toBeGreaterThan(0)
      expect(gateway.process.exitCode).toBeNull()
      // The first minutes fill caches and buffers.
      expect(late).toBeLessThan(early * 1.2 + 50)
    },
    SOAK_MS + 300_000,
  )
})

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
