/**
 * Backup, restore and drill of a site on PostgreSQL with its objects in a bucket: while it serves,
 * killed in the middle, corrupted, and with a wrong key.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { builtCommand } from '../_built.js'
import { startS3 } from '../_ceph.js'
import type { S3Server } from '../_ceph.js'
import { postgresMissing, query, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { useBucket } from '../_s3-site.js'
import { usePostgres } from '../whole-way/_database.js'
import { makeSite, nocturneIn } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'

const SLOW = 180_000
const isWanted = process.env.NOCTURNE_TEST_DRILLS === '1'
const server = isWanted ? await startS3() : { skip: 'a long suite: scripts/test --long drills' }
const missing = 'skip' in server ? server.skip : postgresMissing

if (missing !== undefined) {
  describe.skip(`drills on PostgreSQL with S3 (skipped: ${missing})`, () => {
    it.todo('restore what was there')
  })
} else {
  const s3 = server as S3Server
  describe('a site on PostgreSQL with S3', () => {
    let postgres: TestPostgres
    let site: TestSite
    let gateway: RunningGateway
    let env: NodeJS.ProcessEnv
    const times: string[] = []
    const path = (name: string) => join(site.dir, '..', name)
    const key = (name = 'recovery') => site.keyFile(name)
    const run = (...words: string[]) =>
      nocturneIn({ ...process.env, ...env, NODE_NO_WARNINGS: '1' }, ...words)
    const json = async (...words: string[]) => {
      const started = performance.now()
      const { status, stdout, stderr } = await run(...words, '--json')
      times.push(`  ${words[0] ?? ''} ${Math.round(performance.now() - started)} ms`)
      expect([status, stderr]).toEqual([0, ''])
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const backup = () => json('backup', '--site', site.dir, '--to', path('backups'))
    const send = async (text: string) => {
      const file = path(`${text}.txt`)
      await writeFile(file, `${text}, please\n`)
      const { status, body } = await upload(site, gateway, [file])
      expect(status).toBe(201)
      return body.id
    }

    beforeAll(async () => {
      postgres = await startPostgres()
      site = await makeSite()
      const bucket = await s3.newBucket()
      const store = await useBucket(site, bucket, s3.endpoint)
      env = await usePostgres(site, postgres.url, store)
      gateway = await site.start({ env })
    }, SLOW)
    afterAll(async () => {
      console.log(['drills on PostgreSQL with S3', ...times].join('\n'))
      await gateway.stop()
      await site.remove()
      await postgres.stop()
      await s3.stop()
    }, SLOW)

    it(
      'is backed up while it serves, each object once, and restored to SQLite and a folder',
      async () => {
        const sent = [await send('one'), await send('two')]
        const [first] = await Promise.all([backup(), send('meanwhile')])
        expect(first).toMatchObject({ copied: first.objects })
        sent.push(await send('three'))
        const second = await backup()
        expect(Number(second.objects)).toBeGreaterThan(Number(first.objects))
        expect(Number(second.copied)).toBe(Number(second.objects) - Number(first.objects))
        const target = path('restored')
        expect(
          await json(...['restore', '--backup', path('backups'), '--key', key(), '--site', target]),
        ).toMatchObject({ missing: [], entries: expect.any(Number) })
        const verified = await run('audit', 'verify', '--site', target)
        expect([verified.status, verified.stderr]).toEqual([0, ''])
        for (const id of sent) {
          const dumped = await run('dump', id, '--site', target, '--out', path(`dump-${id}`))
          expect([dumped.status, dumped.stderr]).toEqual([0, ''])
        }
        const yaml = await readFile(join(target, 'nocturne.yaml'), 'utf8')
        expect(yaml).toMatch(/^database: sqlite:data\/nocturne\.db$/m)
        expect(yaml).not.toContain(postgres.url)
      },
      SLOW,
    )

    it(
      'is restored to an empty PostgreSQL database, and to none that has rows',
      async () => {
        await query(postgres.url, 'create database restored')
        const url = new URL(postgres.url)
        url.pathname = '/restored'
        url.password = ''
        const words = [
          'restore',
          '--backup',
          path('backups'),
          '--key',
          key(),
          '--database',
          url.href,
        ]
        await json(...words, '--site', path('on-postgres'))
        const verified = await run('audit', 'verify', '--site', path('on-postgres'))
        expect([verified.status, verified.stderr]).toEqual([0, ''])
        const again = await run(...words, '--site', path('again'))
        expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('contains rows') })
        expect(await readdir(path('.'))).not.toContain('again')
      },
      SLOW,
    )

    it(
      'drills, and records the time',
      async () => {
        const drill = ['drill', '--site', site.dir, '--backup', path('backups')]
        expect(await json(...drill, '--key', key())).toMatchObject({ ok: true, missing: 0 })
        const failed = await run(...drill, '--key', key('reader-1'))
        expect(failed).toMatchObject({
          ...{ status: 1, stderr: expect.stringContaining('not_sealed_to_key') },
        })
      },
      SLOW,
    )

    it(
      'survives a kill at any moment of a backup, and refuses a corrupted one',
      async () => {
        for (const ms of [300, 800, 1_300, 1_800, 2_300]) {
          const folder = path('killed')
          const child = spawn(
            process.execPath,
            [builtCommand(), 'backup', '--site', site.dir, '--to', folder],
            { env: { ...process.env, ...env }, stdio: 'ignore' },
          )
          await delay(ms)
          child.kill('SIGKILL')
          if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
          const names = await readdir(folder).catch(() => [])
          for (const name of names.filter((one) => one.endsWith('.backup.pgp')))
            expect((await stat(join(folder, name))).size).toBeGreaterThan(0)
        }
        // What was left half-written does not matter to the next backup.
        await json('backup', '--site', site.dir, '--to', path('killed'))
        const words = ['restore', '--key', key(), '--backup']
        await json(...words, path('killed'), '--site', path('after-kill'))

        const newest = (await readdir(path('killed')))
          .filter((n) => n.endsWith('.pgp'))
          .sort()
          .at(-1)
        const bytes = await readFile(path(join('killed', newest ?? '')))
        bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
        await writeFile(path('bad.backup.pgp'), bytes)
        const refused = await run(...words, path('bad.backup.pgp'), '--site', path('bad'))
        expect(refused.status).toBe(1)
        expect(await readdir(path('.'))).not.toContain('bad')
        await rm(path('bad.backup.pgp'))
      },
      SLOW,
    )
  })
}
