import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresMissing, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { usePostgres } from './_database.js'
import { makeSite, nocturneIn } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { makeStudy } from './_study.js'

/** The file with reader-1's certificate is replaced by one with another key. */
describe.each([
  ['SQLite', undefined],
  ['PostgreSQL', postgresMissing],
])('a replaced certificate', (database, missing) => {
  const isPostgres = database === 'PostgreSQL'
  const it = missing === undefined ? test : test.skip
  const on = missing === undefined ? `on ${database}: ` : `(skipped: ${missing}) `
  let postgres: TestPostgres | undefined
  let env: NodeJS.ProcessEnv = process.env
  const nocturne = (...args: string[]) => nocturneIn(env, ...args)
  let site: TestSite
  let gateway: RunningGateway
  let files: string[]
  const at = (name: string) => join(site.dir, '..', name)
  const confirm = (...args: string[]) =>
    nocturne('key', 'confirm', '--site', site.dir, '--principal', 'reader-1', ...args)
  const keyCheck = (key: string) =>
    nocturne(
      ...['key', 'check', '--gateway', gateway.url, '--key', key],
      ...['--token-file', site.tokenFile('reader-1'), '--json'],
    )
  async function restart(): Promise<void> {
    await gateway.stop()
    gateway = await site.start({ env })
  }

  beforeAll(async () => {
    if (missing !== undefined) return
    site = await makeSite()
    if (isPostgres) {
      postgres = await startPostgres()
      env = { ...process.env, ...(await usePostgres(site, postgres.url)) }
    }
    files = [...(await makeStudy(at('study'), '--instances', '1', '--size', '64'))]
    gateway = await site.start({ env })
    for (const name of ['new', 'other'])
      await nocturne('key', 'new', '--name', 'reader-1', '--out', at(`${name}.asc`), ...DAYS)
    await copyFile(at('new.pub.asc'), join(site.dir, 'keys/reader-1.asc'))
    await restart()
  }, 120_000)

  const DAYS = ['--expires-days', '20']

  afterAll(async () => {
    if (missing !== undefined) return
    await gateway.stop()
    await site.remove()
    await postgres?.stop()
  })

  it(`${on}is not in effect, and the gateway, the check and the inbox say so`, async () => {
    expect((await keyCheck(at('new.asc'))).stdout).toContain('not_sealed_to_key')
    expect((await keyCheck(site.keyFile('reader-1'))).status).toBe(0)
    const text = 'a new certificate of reader-1 waits for confirmation'
    const ready = await call(gateway, 'GET', '/readyz', { token: await site.token('operator-1') })
    expect(JSON.stringify(ready.body.warnings)).toContain(text)
    const token = await site.token('reader-1')
    const inbox = await call(gateway, 'GET', '/v1/inbox', { token })
    expect(JSON.stringify(inbox.body.warnings)).toContain(text)
    const checked = await nocturne('check', '--site', site.dir)
    expect(checked.stdout + checked.stderr).toContain('is not in effect')
  })

  it(`${on}cannot be confirmed by another person, nor without a signature`, async () => {
    const statement = at('statement.txt')
    expect((await confirm('--out', statement)).status).toBe(0)
    expect(await readFile(statement, 'utf8')).toMatch(
      /^nocturne-certificate\/v1\|demo\.nocturne\.example\|reader-1\|[0-9a-f]{40}\|[0-9a-f]{40}\n$/,
    )
    const sign = ['key', 'confirm', '--statement', statement, '--key']
    const stranger = await nocturne(...sign, at('other.asc'), '--json')
    expect(stranger.stdout).toContain('certificate_not_confirmed')
    const wrong = await confirm('--signature', statement, '--json')
    expect(wrong.stdout).toContain('certificate_not_confirmed')
  })

  it(`${on}is in effect once its owner has signed and the operator has confirmed`, async () => {
    const sign = ['key', 'confirm', '--statement', at('statement.txt'), '--out', at('sig')]
    expect((await nocturne(...sign, '--key', site.keyFile('reader-1'))).stderr).toBe('')
    expect((await confirm('--signature', at('sig'))).stderr).toBe('')
    expect((await confirm('--signature', at('sig'), '--json')).stdout).toContain(
      'certificate_not_waiting',
    )
    await restart()
    expect((await keyCheck(at('new.asc'))).status).toBe(0)
    const { id } = (await upload(site, gateway, files)).body
    const pulled = await nocturne(
      ...['pull', id, '--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
      ...['--key', at('new.asc'), '--out', at('out')],
    )
    expect([pulled.status, pulled.stderr]).toEqual([0, ''])
  })

  it(`${on}is in the ledger with both fingerprints, when proposed and when changed`, async () => {
    const token = await site.token('officer-1')
    const answer = await call(gateway, 'GET', '/v1/audit/events?limit=200', { token })
    const events = (
      answer.body.events as {
        entry: { type: string; actor: { id: string }; detail: Record<string, unknown> }
      }[]
    )
      .map(({ entry }) => entry)
      .filter(({ type, detail }) => type.startsWith('certificate.') && detail.from !== null)
    expect(events.map(({ type, actor }) => `${actor.id} ${type}`)).toEqual([
      'system certificate.proposed',
      'site certificate.changed',
    ])
    expect(events[1]?.detail).toMatchObject({ principal: 'reader-1', signedWith: 'old' })
  })

  it(`${on}is reported 30 days before it expires, by the gateway, its metrics and the inbox`, async () => {
    const text = 'the certificate of reader-1 expires within 30 days'
    const ready = await call(gateway, 'GET', '/readyz', { token: await site.token('operator-1') })
    expect(JSON.stringify(ready.body.warnings)).toContain(text)
    const metrics = await call(gateway, 'GET', '/metrics', {
      token: await site.token('operator-1'),
    })
    const days = /nocturne_certificate_days_left\{principal="reader-1"\} ([\d.]+)/.exec(
      metrics.text,
    )
    expect(Math.round(Number(days?.[1]))).toBe(20)
    const token = await site.token('reader-1')
    const inbox = await call(gateway, 'GET', '/v1/inbox', { token })
    expect(JSON.stringify(inbox.body.warnings)).toContain(text)
  })

  it(`${on}also requires confirmation if its owner was removed and returns with another key`, async () => {
    const yaml = await readFile(join(site.dir, 'nocturne.yaml'), 'utf8')
    await site.configure((text) =>
      text
        .replace(/^ {2}- \{ id: reader-1,.*\n/m, '')
        .replace(/readers: \[reader-1\]/, 'readers: [reader-9]')
        .replace(
          /^people:\n/m,
          'people:\n  - { id: reader-9, role: reader, certificate: keys/reader-9.asc }\n',
        ),
    )
    await copyFile(at('other.pub.asc'), join(site.dir, 'keys/reader-9.asc'))
    await restart()
    await nocturne('key', 'new', '--name', 'reader-1', '--out', at('third.asc'))
    await site.configure(() => yaml)
    await copyFile(at('third.pub.asc'), join(site.dir, 'keys/reader-1.asc'))
    await restart()
    const ready = await call(gateway, 'GET', '/readyz', { token: await site.token('operator-1') })
    expect(JSON.stringify(ready.body.warnings)).toContain('certificate of reader-1 waits')
  })
})
