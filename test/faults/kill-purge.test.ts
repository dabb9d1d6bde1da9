/**
 * `nocturne purge` is killed at random moments while it removes closed cases. In the end, each is
 * removed once, in both steps, and the case that is open is whole.
 *
 * NOCTURNE_TEST_SEED reproduces the choices of a run, NOCTURNE_TEST_KILLS sets the number of kills.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { builtCommand } from '../_built.js'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'
import { chance } from './_load.js'

const SEED = Number(process.env.NOCTURNE_TEST_SEED) || Date.now() % 1_000_000
const KILLS = Number(process.env.NOCTURNE_TEST_KILLS ?? 6)
const CASES = 12
const OBJECTS_EACH = 3

const random = chance(SEED)
let site: TestSite
let kept = ''
const gone: string[] = []

beforeAll(async () => {
  site = await makeSite()
  const gateway = await site.start()
  const study = join(site.dir, '../study')
  const files = await makeStudy(study, '--instances', String(OBJECTS_EACH - 1), '--size', '64')
  for (let n = 0; n < CASES; n++) gone.push((await upload(site, gateway, files)).body.id)
  kept = (await upload(site, gateway, files)).body.id
  const token = await site.token('reader-1')
  for (const id of gone) {
    const json = { reason: 'reported-elsewhere' }
    const { status } = await call(gateway, 'POST', `/v1/cases/${id}/close`, { token, json })
    expect(status).toBe(200)
  }
  await gateway.stop()
  // The cases were closed more than 30 days ago.
  const db = new Database(join(site.dir, 'data/nocturne.db'))
  db.prepare("update cases set closed_at = ? where state = 'closed'").run(
    Date.now() - 31 * 86_400_000,
  )
  db.close()
}, 120_000)
afterAll(() => site.remove())

const read = <T>(work: (db: Database.Database) => T): T => {
  const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
  try {
    return work(db)
  } finally {
    db.close()
  }
}

const expired = (): number =>
  read((db) =>
    Number(db.prepare("select count(*) from events where type = 'content.expired'").pluck().get()),
  )

/** Starts the command, and kills it some time after it has begun with a further case. */
async function purgeAndKill(): Promise<void> {
  const before = expired()
  const child = spawn(process.execPath, [builtCommand(), 'purge', '--site', site.dir], {
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await eventually(
    () => Promise.resolve(child.exitCode !== null || expired() > before),
    (isSo) => isSo,
    60_000,
  )
  await delay(random() * 40)
  child.kill('SIGKILL')
  await ended
}

describe(`a purge that is killed ${KILLS} times (seed ${SEED})`, () => {
  it('removes every closed case once, key packets before objects, and nothing else', async () => {
    for (let n = 0; n < KILLS; n++) {
      await purgeAndKill()
      // Whatever was begun, nobody can open it any more.
      const sealed = read((db) =>
        db
          .prepare(
            `select transfer from key_packets join envelopes on envelopes.id = envelope
             where transfer in (select transfer from events where type = 'content.expired')`,
          )
          .all(),
      )
      expect(sealed).toEqual([])
    }
    const last = await nocturne('purge', '--site', site.dir, '--json')
    expect([last.status, last.stderr]).toEqual([0, ''])

    const counts = read((db) =>
      db
        .prepare(
          `select transfer, type, count(*) as count from events
           where type like 'content.%' group by transfer, type`,
        )
        .all(),
    ) as { transfer: string; type: string; count: number }[]
    const expected = gone.flatMap((transfer) =>
      ['content.expired', 'content.removed'].map((type) => ({ transfer, type, count: 1 })),
    )
    const order = (a: { transfer: string; type: string }, b: typeof a) =>
      `${a.transfer}${a.type}` < `${b.transfer}${b.type}` ? -1 : 1
    expect(counts.sort(order)).toEqual(expected.sort(order))
    expect(read((db) => db.prepare('select count(*) from removals').pluck().get())).toBe(0)
    const objects = async (id: string): Promise<number> => {
      const folder = join(site.dir, 'data/objects/t', id)
      if (!existsSync(folder)) return 0
      return (await readdir(folder, { recursive: true })).filter((one) => one.endsWith('.sealed'))
        .length
    }
    // Of each, its crosswalk is left, which goes with the reports.
    for (const id of gone) expect(await objects(id)).toBe(1)
    expect(await objects(kept)).toBe(OBJECTS_EACH + 1)
    const plan = await nocturne('purge', '--site', site.dir, '--dry-run', '--json')
    expect(plan.stdout).not.toContain('"stage":"closed"')
    const verified = await nocturne('audit', 'verify', '--site', site.dir, '--json')
    expect([verified.status, verified.stderr]).toEqual([0, ''])
  }, 300_000)

  it('removes nothing by a clock far ahead of the last time on record, until an operator confirms', async () => {
    const db = new Database(join(site.dir, 'data/nocturne.db'))
    db.prepare('update time_marks set seen_at = ?').run(Date.now() - 700 * 86_400_000)
    db.prepare(
      "update cases set state = 'closed', closed_at = ? where contents_expired_at is null",
    ).run(Date.now() - 31 * 86_400_000)
    db.close()
    const refused = await nocturne('purge', '--site', site.dir)
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain('700 days ahead of the last time on record')
    expect(refused.stderr).toContain('nocturne purge --confirm-clock')
    const dry = await nocturne('purge', '--site', site.dir, '--dry-run')
    expect(dry.stdout).toContain('kept because of a clock that is not trusted')
    const check = await nocturne('check', '--site', site.dir)
    expect(check.stdout).toContain('warning: clock: the clock shows')
    const confirmed = await nocturne('purge', '--site', site.dir, '--confirm-clock')
    expect([confirmed.status, confirmed.stderr]).toEqual([0, ''])
    expect(confirmed.stdout).toContain('1 case or held item expired')
  }, 120_000)
})
