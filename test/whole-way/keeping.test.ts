import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { openState } from '../../src/state/index.js'
import { fill } from '../ledger/_open.js'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { claim, readerOf } from './_reader.js'
import { issueToken } from './_people.js'
import { makeStudy } from './_study.js'

interface Body {
  readonly code: string
  readonly count: number
  readonly due: number
  readonly entries: number
  readonly holds: readonly Readonly<Record<string, unknown>>[]
  readonly id: string
  readonly reviewed: number
  readonly size: number
}

/**
 * Gives a site another ledger that began before its retention period, with a new token for its
 * officer.
 */
async function recordLongAgo(site: TestSite, count: number): Promise<void> {
  const { dir } = site
  // The tokens of the demo and their events are in there.
  await rm(join(dir, 'data'), { recursive: true })
  await rm(site.tokenFile('officer-1'))
  const signingKey = await readFile(join(dir, 'secrets/ledger.pem'), 'utf8')
  const [gateway = ''] = (await readFile(join(dir, 'keys/ledger.vkey'), 'utf8')).split('/audit')
  await mkdir(join(dir, 'data'), { recursive: true, mode: 0o700 })
  const state = await openState(`sqlite:${join(dir, 'data/nocturne.db')}`)
  const now = () => Date.now() - 8 * 366 * 86_400_000
  await fill(await createLedger({ state, gateway, signingKey, now }), count)
  await state.close()
  await issueToken(site, 'officer-1')
}

describe('supervision by officers', () => {
  let site: TestSite
  let gateway: RunningGateway

  beforeAll(async () => {
    site = await makeSite()
    // Nobody is ever on duty, whatever the time of the test run.
    await site.configure((yaml) =>
      yaml.replace('readers: [reader-1]', 'readers: [reader-1], duty: { weekly: [] }'),
    )
    const files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
    gateway = await site.start()
    const { id } = (await upload(site, gateway, files)).body
    const token = await site.token('reader-1')
    expect((await claim(gateway, await readerOf(site), id)).status).toBe(200)
    expect((await call(gateway, 'GET', `/v1/transfers/${id}/items/1`, { token })).status).toBe(200)
  }, 60_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  const ask = async (method: string, path: string, json?: unknown, who = 'officer-1') => {
    const token = await site.token(who)
    const { status, body } = await call(gateway, method, `/v1/audit/${path}`, {
      token,
      ...(json !== undefined && { json }),
    })
    return { ...(body as unknown as Body), status }
  }

  it('a download outside duty hours is allowed, and is found by one query', async () => {
    await expect(ask('GET', 'events?question=outside&actor=reader-1')).resolves.toMatchObject({
      count: 1,
      events: [{ entry: { type: 'download.begun', detail: { duty: 'outside' } } }],
    })
    await expect(ask('GET', 'events?question=outside&actor=officer-1')).resolves.toMatchObject({
      count: 0,
    })
  })

  it('a completed review is no longer due', async () => {
    const before = await ask('GET', 'review')
    expect(before).toMatchObject({ status: 200, reviewed: 0, isOverdue: false })
    expect(before.due).toBeGreaterThan(0)
    const until = before.size
    const after = await ask('POST', 'review', { until, finding: 'explained' })
    expect(after).toMatchObject({
      status: 201,
      reviewed: until,
      due: 0,
      last: { by: 'officer-1', finding: 'explained' },
      receipt: expect.stringContaining('c2sp.org/tlog-proof@v1'),
    })
    await expect(ask('POST', 'review', { until, finding: 'nothing' })).resolves.toMatchObject({
      status: 400,
    })
  })

  it('a hold begins with an event and ends with another', async () => {
    const made = await ask('POST', 'holds', { facility: 'facility-a', from: '2026-01-01' })
    expect(made.status).toBe(201)
    await expect(ask('GET', 'holds')).resolves.toMatchObject({
      holds: [{ id: made.id, facility: 'facility-a', from: '2026-01-01T00:00:00.000Z' }],
    })
    await expect(ask('POST', `holds/${made.id}/remove`)).resolves.toMatchObject({ status: 200 })
    await expect(ask('GET', 'holds')).resolves.toMatchObject({ holds: [] })
    await expect(ask('GET', 'events?question=holds')).resolves.toMatchObject({ count: 2 })
  })

  it.each([
    [{}, 400],
    [{ facility: 'somebody' }, 404],
    [{ person: 'reader-1' }, 400],
    [{ patient: 'PATIENT^NAME' }, 400],
  ])('a hold of %j is refused with %i', async (scope, status) => {
    await expect(ask('POST', 'holds', scope)).resolves.toMatchObject({ status })
  })

  it('nothing recent is pruned, nor anything without an officer', async () => {
    await expect(ask('GET', 'prune')).resolves.toMatchObject({ entries: 0, years: 7 })
    await expect(ask('POST', 'prune')).resolves.toMatchObject({ code: 'nothing_to_prune' })
    const alone = await nocturne('audit', 'prune', '--site', site.dir)
    expect(alone.status).toBe(1)
    expect(alone.stderr).toContain('no officer has proposed to prune')
  })

  it('expired entries are pruned by the operator after an officer’s approval, and the rest verifies', async () => {
    const old = await makeSite()
    await recordLongAgo(old, 600)
    const second = await old.start()
    const officer = ['--gateway', second.url, '--token-file', old.tokenFile('officer-1')]
    const proposed = await nocturne('audit', 'prune', ...officer, '--json')
    expect(JSON.parse(proposed.stdout)).toMatchObject({ entries: 512 })
    await second.stop()
    const pruned = await nocturne('audit', 'prune', '--site', old.dir, '--json')
    expect(JSON.parse(pruned.stdout)).toMatchObject({ entries: 512, left: 0 })
    const verified = await nocturne('audit', 'verify', '--site', old.dir, '--json')
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, pruned: [[0, 512]] })
    await old.remove()
  }, 60_000)

  it.each(['reader-1', 'operator-1', 'facility-a'])('is not available to %s', async (who) => {
    for (const path of ['review', 'holds', 'prune'])
      await expect(ask('GET', path, undefined, who)).resolves.toMatchObject({ status: 403 })
  })
})
