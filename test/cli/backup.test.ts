import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildCli, start } from './_cli.js'
import { startGateway } from './_gateway.js'
import type { RunningGateway } from './_gateway.js'

describe('backup, restore and drill', () => {
  let gateway: RunningGateway
  let transfer: string
  const path = (name: string) => join(gateway.path, name)
  const key = () => join(gateway.site, 'demo-keys', 'recovery.asc')
  const json = async (...words: string[]) => {
    const { status, stdout, stderr } = await gateway.plain(...words, '--json')
    expect([status, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const backup = () => json('backup', '--site', gateway.site, '--to', path('backups'))

  beforeAll(async () => {
    gateway = await startGateway()
    await writeFile(path('requisition.txt'), 'chest CT for JANE^PLANTED\n')
    const sent = await gateway.as(
      ...['facility-a', 'send', path('requisition.txt'), '--group', 'nights', '--json'],
    )
    transfer = (JSON.parse(sent.stdout) as { readonly id: string }).id
  })
  afterAll(async () => {
    await gateway.stop()
  })

  it('backs up a running gateway, sealed, and copies each object once', async () => {
    const first = await backup()
    expect(first).toMatchObject({ copied: first.objects })
    expect(await backup()).toMatchObject({ copied: 0, objects: first.objects })
    for (const name of await readdir(path('backups'), { recursive: true })) {
      const bytes = await readFile(path(join('backups', name))).catch(() => Buffer.alloc(0))
      for (const planted of ['PLANTED', 'PRIVATE KEY', 'nocturne.yaml'])
        expect(bytes.includes(planted)).toBe(false)
    }
    expect((await readdir(join(gateway.site, 'data'))).filter((n) => n.startsWith('.'))).toEqual([])
  })

  it('drills: restores into a scratch folder, opens a sample, and records it', async () => {
    const drill = ['drill', '--site', gateway.site, '--backup', path('backups')]
    expect(await json(...drill, '--key', key())).toMatchObject({
      ...{ ok: true, missing: 0, sampled: 1, opened: 1, seconds: expect.any(Number) },
    })
    const wrong = join(gateway.site, 'demo-keys', 'reader-1.asc')
    const failed = await gateway.plain(...drill, '--key', wrong)
    expect(failed).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('not_sealed_to_key'),
    })
    const { stdout } = await gateway.as(
      ...['officer-1', 'audit', 'query', '--type', 'drill.run', '--json'],
    )
    const { events } = JSON.parse(stdout) as {
      readonly events: readonly { readonly entry: { readonly outcome: number } }[]
    }
    expect(events.map(({ entry }) => entry.outcome)).toEqual([0, 8])
  })

  it('killed at any moment leaves no backup that is not whole, and the next one succeeds', async () => {
    const main = await buildCli()
    const to = path('killed')
    for (const after of [250, 400, 550, 700, 850]) {
      const { child, finished } = start(main, ['backup', '--site', gateway.site, '--to', to])
      const timer = setTimeout(() => child.kill('SIGKILL'), after)
      await finished
      clearTimeout(timer)
    }
    await json('backup', '--site', gateway.site, '--to', to)
    const made = (await readdir(to)).filter((name) => name.endsWith('.backup.pgp'))
    expect(made.length).toBeGreaterThan(0)
    for (const name of made) {
      const site = path(`restored-${name}`)
      const restore = ['restore', '--backup', join(to, name), '--key', key(), '--site', site]
      expect(await json(...restore)).toMatchObject({ missing: [] })
    }
  }, 60_000)

  it('says which key a backup needs when it is given another', async () => {
    const wrong = join(gateway.site, 'demo-keys', 'reader-1.asc')
    const words = ['restore', '--backup', path('backups'), '--site', path('never')]
    const refused = await gateway.plain(...words, '--key', wrong)
    expect(refused.stderr).toMatch(
      /not sealed to this key[^]*backup\.certificate[^]*nothing was written/,
    )
    expect(refused.stderr).not.toContain('rewrap')
  })

  it('says where it looked for a backup that is not there', async () => {
    const away = path('not-mounted')
    const restore = ['restore', '--backup', away, '--key', key(), '--site', path('never')]
    expect(await gateway.plain(...restore)).toMatchObject({
      ...{ status: 1, stderr: expect.stringContaining('not-mounted contains no backup') },
    })
  })

  it('restores a site whose ledger verifies and which serves what was stored', async () => {
    const target = path('restored')
    const words = ['restore', '--backup', path('backups'), '--key', key(), '--site', target]
    expect(await json(...words)).toMatchObject({ missing: [] })
    const checked = await gateway.plain('audit', 'verify', '--site', target)
    expect([checked.status, checked.stderr]).toEqual([0, ''])
    const dumped = await gateway.plain('dump', transfer, '--site', target, '--out', path('dumped'))
    expect([dumped.status, dumped.stderr]).toEqual([0, ''])
    const again = await gateway.plain(...words)
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('already exists') })
  })

  it('refuses an altered or truncated backup without writing anything, and names a missing object', async () => {
    const names = await readdir(path('backups'))
    const newest =
      names
        .filter((name) => name.endsWith('.pgp'))
        .sort()
        .at(-1) ?? ''
    const bytes = await readFile(path(join('backups', newest)))
    await mkdir(path('broken'))
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
    for (const [i, content] of [changed, bytes.subarray(0, bytes.length - 100)].entries()) {
      const file = path(join('broken', `${i}.backup.pgp`))
      await writeFile(file, content)
      const target = path(`from-broken-${i}`)
      const refused = await gateway.plain(
        ...['restore', '--backup', file, '--key', key(), '--site', target],
      )
      expect(refused.status).toBe(1)
      expect(await readdir(gateway.path)).not.toContain(`from-broken-${i}`)
    }
    expect((await readdir(gateway.path)).filter((name) => name.startsWith('.restore'))).toEqual([])
    await cp(path('backups'), path('poor'), { recursive: true })
    await rm(path('poor/objects'), { recursive: true })
    const poor = await gateway.plain(
      ...['restore', '--backup', path('poor'), '--key', key(), '--site', path('from-poor')],
    )
    expect(poor).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('objects are missing'),
    })
  })
})
