/**
 * A gateway whose event loop is watched from inside, and `/healthz` from outside, while it is given
 * work.
 */
import { request } from 'node:http'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunningGateway, StartOptions } from './_gateway.js'

const HOOK = fileURLToPath(new URL('_lateness.mjs', import.meta.url))
const PROBE_MS = 15

export const watched = (file: string): StartOptions => ({
  env: { NODE_OPTIONS: `--import=${HOOK}`, NOCTURNE_TEST_LATENESS: file },
})

export interface Waited {
  readonly seconds: number
  /** Of the event loop without the time that the machine took from it, in milliseconds. */
  readonly p99: number
  readonly max: number
  readonly ticks: readonly number[]
  /** What `/healthz` took from outside, in milliseconds, on a machine that does other work too. */
  readonly health: { readonly p99: number; readonly max: number }
}

/** Runs the work, and returns how long everything else had to wait meanwhile. */
export async function waitedDuring(
  gateway: RunningGateway,
  file: string,
  work: () => Promise<unknown>,
): Promise<Waited> {
  const from = Date.now()
  const stop = new AbortController()
  const probing = probe(gateway, stop.signal)
  try {
    await work()
    // The loop reports at most every 100 ms.
    await delay(250)
  } finally {
    stop.abort()
  }
  const health = await probing
  const until = Date.now()
  const ticks = (await readFile(file, 'utf8'))
    .split('\n')
    .map((line) => line.split(' ').map(Number))
    .filter(([at = 0]) => at >= from && at <= until)
    .map(([, own = 0]) => own)
  return { seconds: (until - from) / 1_000, ...spreadOf(ticks), ticks, health: spreadOf(health) }
}

export const spreadOf = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b)
  return { p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0, max: sorted.at(-1) ?? 0 }
}

async function probe(gateway: RunningGateway, signal: AbortSignal): Promise<number[]> {
  const times: number[] = []
  while (!signal.aborted) {
    const from = performance.now()
    await health(gateway)
    times.push(performance.now() - from)
    await delay(PROBE_MS)
  }
  return times
}

/** @throws Error when it does not answer 200 */
export const health = ({ url }: Pick<RunningGateway, 'url'>): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = request(`${url}/healthz`, { agent: false }, (response) => {
      response.resume().once('close', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`healthz: ${response.statusCode ?? 0}`))
      })
    })
    asked.once('error', reject).end()
  })

export interface Ask {
  readonly method?: string
  readonly path: string
  readonly token: string
  readonly json?: unknown
  readonly body?: Iterable<Buffer>
  readonly type?: string
}

/** Reads and discards the answer, so that its size costs this process little. */
export const ask = (
  { url }: Pick<RunningGateway, 'url'>,
  { method = 'GET', path, token, json, body, type = 'application/json' }: Ask,
): Promise<{ readonly status: number; readonly bytes: number; readonly start: string }> =>
  new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...((json ?? body) && { 'Content-Type': type }),
    }
    const asked = request(url + path, { method, agent: false, headers }, (response) => {
      let bytes = 0
      let start = ''
      response.on('data', (chunk: Buffer) => {
        if (bytes < 2_000) start += chunk.toString('latin1')
        bytes += chunk.length
      })
      response.once('close', () => {
        if (response.complete) resolve({ status: response.statusCode ?? 0, bytes, start })
        else reject(new Error(`cut off: ${path}`))
      })
    })
    asked.once('error', reject)
    if (json !== undefined) asked.write(JSON.stringify(json))
    for (const piece of body ?? []) asked.write(piece)
    asked.end()
  })
