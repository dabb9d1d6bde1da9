import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../_eventually.js'
import { builtCommand } from '../_built.js'
import { makeSite, nocturne, siteAt } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'

let site: TestSite
let gateway: RunningGateway
let witness: ChildProcess | undefined
let url = ''

async function startWitness(dir: string, listen: string): Promise<string> {
  const words = [builtCommand(), 'witness', 'serve', dir, '--listen', listen]
  const running = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] })
  witness = running
  const [line] = (await once(createInterface({ input: running.stdout }), 'line')) as [string]
  return line.slice('listening on '.length)
}

async function stopWitness(): Promise<void> {
  const running = witness
  witness = undefined
  if (!running) return
  const exited = once(running, 'exit')
  running.kill('SIGKILL')
  await exited
}

beforeAll(async () => {
  site = await makeSite()
  const dir = join(site.dir, '../witness')
  const made = await nocturne(
    ...['witness', 'new', dir, '--name', 'witness.example.org'],
    ...['--log', join(site.dir, 'keys/ledger.vkey'), '--json'],
  )
  const { verifierKey } = JSON.parse(made.stdout) as { verifierKey: string }
  url = await startWitness(dir, '127.0.0.1:0')
  await site.configure(
    (yaml) =>
      `${yaml}\nwitnesses:\n  - { name: facility-a, url: "${url}", key: "${verifierKey}" }\n`,
  )
  gateway = await site.start()
})
afterAll(async () => {
  await stopWitness()
  await (gateway as RunningGateway | undefined)?.stop()
  await site.remove()
})

interface Readiness {
  readonly witnessed: { readonly size: number; readonly ageSeconds: number } | null
  readonly warnings: readonly string[]
}

/** /readyz is updated every ten seconds. */
async function untilWitnessed(size: number): Promise<Readiness> {
  for (let i = 0; ; i++) {
    const readiness = (await (await fetch(`${gateway.url}/readyz`)).json()) as Readiness
    if ((readiness.witnessed?.size ?? 0) >= size || i > 120) return readiness
    await sleep(250)
  }
}

/** The number of events of this type, once there is at least one. */
async function untilRecorded(at: RunningGateway, type: string): Promise<number> {
  const token = await site.token('officer-1')
  const count = async () =>
    (await call(at, 'GET', `/v1/audit/events?type=${type}`, { token })).body.count as number
  return eventually(count, (seen) => seen > 0, 30_000)
}

describe('a gateway with a witness', () => {
  it('reports the age of the witnessed checkpoint, and issues receipts cosigned by the witness', async () => {
    const { witnessed, warnings } = await untilWitnessed(1)
    expect(witnessed?.ageSeconds).toBeLessThan(60)
    expect(warnings.join()).not.toContain('witness')
    const [policy, receipt] = [join(site.dir, '../policy'), join(site.dir, '../receipt')]
    const printed = await nocturne('audit', 'policy', '--site', site.dir)
    await writeFile(policy, printed.stdout)
    const proof = await nocturne('audit', 'proof', '0', '--site', site.dir)
    await writeFile(receipt, proof.stdout)
    const verified = await nocturne('audit', 'verify', receipt, '--policy', policy, '--json')
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: true,
      index: 0,
      witnesses: { 'facility-a': expect.any(Number) },
    })
    await writeFile(receipt, proof.stdout.replace(/^\u2014 witness.*\n/m, ''))
    const without = await nocturne('audit', 'verify', receipt, '--policy', policy)
    expect(without.status).toBe(1)
    expect(without.stdout).toContain('too few cosignatures')
  }, 60_000)

  it('produces an export that verifies with the witness’s cosignature', async () => {
    const zip = join(site.dir, '../export.zip')
    const officer = ['--gateway', gateway.url, '--token-file', site.tokenFile('officer-1')]
    const made = await nocturne('audit', 'export', '--format', 'csv', '--out', zip, ...officer)
    expect([made.status, made.stderr]).toEqual([0, ''])
    const key = ['--ledger-key', join(site.dir, 'keys/ledger.vkey')]
    const verified = await nocturne('audit', 'verify', zip, ...key, '--json')
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: true,
      isWitnessed: true,
      witnesses: { 'facility-a': expect.any(Number) },
    })
    expect((await nocturne('audit', 'verify', zip, ...key)).stdout).toMatch(
      /^cosigned by facility-a$/m,
    )
  }, 60_000)

  it('continues without the witness, and uses it again after it was killed', async () => {
    const before = (await untilWitnessed(1)).witnessed?.size ?? 0
    await stopWitness()
    const token = await nocturne('token', 'issue', '--site', site.dir, '--principal', 'reader-1')
    expect(token.status).toBe(0)
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
    expect(await untilRecorded(gateway, 'witness.lost')).toBeGreaterThan(0)
    await startWitness(join(site.dir, '../witness'), new URL(url).host)
    const { witnessed } = await untilWitnessed(before + 1)
    expect(witnessed?.size).toBeGreaterThan(before)
    expect(await untilRecorded(gateway, 'witness.regained')).toBeGreaterThan(0)
  }, 90_000)

  it('has a witness that serves only its own protocol', async () => {
    const at = url
    expect((await fetch(`${at}/add-checkpoint`)).status).toBe(405)
    expect((await fetch(`${at}/`, { method: 'POST' })).status).toBe(404)
    const long = await fetch(`${at}/add-checkpoint`, { method: 'POST', body: 'x'.repeat(400_000) })
      .then(({ status }) => status)
      // It may close the connection before all of it was sent.
      .catch(() => 413)
    expect(long).toBe(413)
    const bad = await fetch(`${at}/add-checkpoint`, { method: 'POST', body: 'old 0\n\nx' })
    expect(bad.status).toBe(400)
  })

  it('is found to have two histories when a copy of it continues separately', async () => {
    await gateway.stop()
    const dir = join(site.dir, '../copy')
    await cp(site.dir, dir, { recursive: true })
    gateway = await site.start()
    const grown = Number((await untilWitnessed(1)).witnessed?.size) + 1
    await untilRecorded(gateway, 'ledger.read')
    expect((await untilWitnessed(grown)).witnessed?.size).toBeGreaterThanOrEqual(grown)
    await gateway.stop()
    const copy = siteAt(dir, () => Promise.resolve())
    const second = await copy.start()
    expect(await untilRecorded(second, 'witness.disagreed')).toBeGreaterThan(0)
    await second.stop()
    await copy.remove()
  }, 90_000)
})
