import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from './_gateway.js'
import type { TestSite } from './_gateway.js'
import { call } from './_http.js'

let site: TestSite
beforeAll(async () => {
  site = await makeSite()
})
afterAll(() => site.remove())

const log = (path: string) => join(site.dir, 'data/objects/log', path)
const publishedSize = async () =>
  Number((await readFile(log('checkpoint'), 'utf8').catch(() => '\n-1')).split('\n')[1])

describe('an old database restored under a gateway', () => {
  it('stops it, reporting both heads, until the ledger is restored from the published log', async () => {
    const database = join(site.dir, 'data/nocturne.db')
    const backup = join(site.dir, '../backup.db')
    const key = join(site.dir, 'keys/ledger.vkey')
    const first = await site.start()
    await first.stop()
    await cp(database, backup)
    const before = await publishedSize()
    expect(before).toBeGreaterThan(0)

    const second = await site.start()
    const started = performance.now()
    while ((await publishedSize()) <= before) {
      expect(performance.now() - started).toBeLessThan(10_000)
      await sleep(50)
    }
    await second.stop()
    const published = await publishedSize()
    const whole = await nocturne('audit', 'verify', '--site', site.dir, '--json')
    expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true, size: published, published })
    const copy = await nocturne('audit', 'verify', log(''), '--ledger-key', key, '--json')
    expect(JSON.parse(copy.stdout)).toMatchObject({ ok: true, size: published })

    for (const ending of ['', '-wal', '-shm']) await rm(`${database}${ending}`, { force: true })
    await cp(backup, database)
    const heads = new RegExp(
      `the database has ${before} entries with root \\S{44}; the published log has ${published} entries with root \\S{44}`,
    )
    const refused = await nocturne('serve', '--site', site.dir, '--port', '0')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(heads)
    expect(refused.stderr).toContain('audit restore --acknowledge-loss')
    const token = await nocturne('token', 'issue', '--site', site.dir, '--principal', 'reader-1')
    expect(token.status).toBe(1)
    const verified = await nocturne('audit', 'verify', '--site', site.dir)
    expect(verified.status).toBe(1)
    expect(verified.stdout).toMatch(heads)

    expect((await nocturne('audit', 'restore', '--site', site.dir)).status).toBe(2)
    const restored = await nocturne(
      ...['audit', 'restore', '--acknowledge-loss', '--site', site.dir, '--json'],
    )
    expect(JSON.parse(restored.stdout)).toEqual({ before, published, from: before, setAside: 0 })
    const third = await site.start()
    await third.stop()
    const again = await nocturne('audit', 'verify', '--site', site.dir, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true })
    const events = await nocturne(
      ...['audit', 'query', '--type', 'ledger.restored', '--site', site.dir, '--json'],
    )
    expect(JSON.parse(events.stdout)).toMatchObject({
      events: [{ index: published, entry: { actor: { id: 'site' } } }],
    })
  })

  it('is distinguished from a lost store: the gateway waits for that until the loss is acknowledged', async () => {
    const objects = join(site.dir, 'data/objects')
    await rename(objects, `${objects}-away`)
    const waiting = site.launch()
    const url = await waiting.listening
    const waitsFor = async () => {
      const { body } = await call({ url }, 'GET', '/readyz')
      return (body.waitsFor as { code: string } | null)?.code
    }
    expect(await eventually(waitsFor, (code) => code !== undefined)).toBe('store_replaced')
    // The disk is mounted.
    await rm(objects, { recursive: true })
    await rename(`${objects}-away`, objects)
    await (await waiting.ready).stop()

    await rm(objects, { recursive: true })
    const words = ['audit', 'restore', '--acknowledge-loss', '--site', site.dir, '--json']
    const restored = JSON.parse((await nocturne(...words)).stdout) as { before: number }
    expect(restored).toMatchObject({ published: 0, setAside: 0 })
    expect((await nocturne(...words)).status).toBe(1)
    const again = await site.start()
    await eventually(publishedSize, (size) => size > restored.before)
    await again.stop()
    const whole = await nocturne('audit', 'verify', '--site', site.dir, '--json')
    expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true })
  }, 60_000)

  it('does not prevent rebuilding the search index of the ledger', async () => {
    const report = await nocturne('audit', 'reindex', '--site', site.dir, '--json')
    expect(JSON.parse(report.stdout)).toMatchObject({ corrected: 0 })
  })
})
