/** A gateway that forwards its ledger to a real rsyslog, and is killed in between. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { join } from 'node:path'
import { eventually } from '../_eventually.js'
import { rsyslogMissing, startRsyslog } from '../_rsyslog.js'
import type { Rsyslog } from '../_rsyslog.js'
import { makeSite } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'

const title = rsyslogMissing === undefined ? '' : ` (skipped: ${rsyslogMissing})`
const suite = rsyslogMissing === undefined ? describe : describe.skip

suite(`a gateway with a sink${title}`, () => {
  let site: TestSite
  let rsyslog: Rsyslog

  beforeAll(async () => {
    rsyslog = await startRsyslog()
    site = await makeSite()
    const { port, client } = rsyslog
    const sink = { id: 'siem', url: `syslog+tls://localhost:${port}`, format: 'json', ...client }
    await site.configure((yaml) => `${yaml}\nsinks: ${JSON.stringify([sink])}\n`)
  }, 60_000)
  afterAll(async () => {
    await site.remove()
    await rsyslog.remove()
  })

  const indices = async () =>
    (await rsyslog.received()).map(({ msg }) => (JSON.parse(msg) as { index: number }).index)
  const recorded = () => {
    const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
    try {
      return db.prepare('select idx from events order by idx').pluck().all() as number[]
    } finally {
      db.close()
    }
  }
  const readLedger = async (gateway: RunningGateway, times: number) => {
    const token = await site.token('officer-1')
    for (let i = 0; i < times; i++)
      expect((await call(gateway, 'GET', '/v1/audit/events', { token })).status).toBe(200)
  }

  it('forwards everything, including what a kill interrupted, and its own stop last', async () => {
    const first = await site.start()
    await readLedger(first, 10)
    await eventually(indices, (seen) => seen.length > 0)
    await readLedger(first, 10)
    await first.stop('SIGKILL')
    const second = await site.start()
    await readLedger(second, 10)
    const token = await site.token('operator-1')
    const ready = () => call(second, 'GET', '/readyz', { token })
    const isTold = async () => ({ seen: await indices(), all: recorded() })
    await eventually(isTold, ({ seen, all }) => new Set(seen).size === all.length, 30_000)
    expect((await ready()).body).toMatchObject({ sinks: [{ id: 'siem' }] })
    await second.stop()
    expect([...new Set(await indices())]).toEqual(recorded())
  }, 90_000)

  it('continues without it, and records once that it was lost and once that it was back', async () => {
    await rsyslog.stop('SIGKILL')
    const start = recorded().length
    const gateway = await site.start()
    const token = await site.token('officer-1')
    const told = async () => {
      const path = `/v1/audit/events?type=sink.lost,sink.regained&start=${start}`
      const { body } = await call(gateway, 'GET', path, { token })
      const { events } = body as unknown as { events: { entry: { type: string } }[] }
      return events.map(({ entry }) => entry.type)
    }
    expect(await eventually(told, (seen) => seen.length > 0, 30_000)).toEqual(['sink.lost'])
    await rsyslog.start()
    const after = await eventually(told, (seen) => seen.length > 1, 40_000)
    expect(after).toEqual(['sink.lost', 'sink.regained'])
    await gateway.stop()
  }, 120_000)
})
