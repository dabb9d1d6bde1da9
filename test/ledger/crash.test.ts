/**
 * Repeated kill -9 at random moments on one database: everything acknowledged is there, and nothing
 * is there in part.
 */
import { describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildCli } from '../cli/_cli.js'
import { openState } from '../../src/state/index.js'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { GATEWAY, openLedger } from './_open.js'

/**
 * Each caller records changes with events in a loop, and prints each as soon as it is acknowledged.
 */
const CHILD = `
import { writeSync } from 'node:fs'
const { DIST, URL_, KEY, GATEWAY, ROUND } = process.env
const { openState } = await import(DIST + '/state/index.js')
const { createLedger } = await import(DIST + '/ledger/log/index.js')
const state = await openState(URL_)
const ledger = await createLedger({ state, gateway: GATEWAY, signingKey: KEY, now: Date.now })
let next = 0
const loop = async () => {
  for (;;) {
    const nonce = ROUND + '-' + next++
    const { receipts } = await ledger.record(async (tx) => {
      await tx.insertInto('challenges').values({ nonce, principal: 'p', expires_at: 1 }).execute()
      const event = { type: 'item.accepted', outcome: 0, actor: { id: 'a', role: 'sender' }, detail: { nonce } }
      return { value: undefined, events: [event, event, event] }
    })
    for (const { index } of receipts) writeSync(1, index + ' ' + nonce + '\\n')
  }
}
await Promise.all([loop(), loop(), loop(), loop()])
`

async function runAndKill(env: Record<string, string>, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8')
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const begun = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  child.stdout.on('data', (text: string) => (out += text))
  await Promise.race([begun, ended])
  await sleep(afterMs)
  child.kill('SIGKILL')
  await ended
  return out.split('\n').slice(0, -1)
}

describe('a ledger whose process is killed', () => {
  it('has every acknowledged event with its change, no half-applied change and no gap, and verifies', async () => {
    const DIST = join(dirname(await buildCli()), '..')
    const { url, signingKey: KEY, close } = await openLedger()
    for (let round = 0; round < 6; round++) {
      const env = { DIST, URL_: url, KEY, GATEWAY, ROUND: `r${round}` }
      const acknowledged = await runAndKill(env, Math.random() * 250)
      expect(acknowledged.length).toBeGreaterThan(0)

      const state = await openState(url)
      const ledger = await createLedger({ state, gateway: GATEWAY, signingKey: KEY, now: Date.now })
      const report = await ledger.verify()
      expect(report).toMatchObject({ ok: true })
      const nonces: string[] = []
      for await (const { index, bytes } of ledger.entries(0, report.size)) {
        expect(index).toBe(nonces.length)
        nonces.push((JSON.parse(bytes.toString()) as { detail: { nonce: string } }).detail.nonce)
      }
      expect(nonces).toHaveLength(report.size)
      for (const line of acknowledged) {
        const [index, nonce] = line.split(' ')
        expect(nonces[Number(index)]).toBe(nonce)
      }
      const changes = await state.db.selectFrom('challenges').select('nonce').execute()
      expect(changes.map(({ nonce }) => nonce).sort()).toEqual([...new Set(nonces)].sort())
      expect(nonces).toHaveLength(3 * changes.length)
      await state.close()
    }
    await close()
  }, 120_000)
})
