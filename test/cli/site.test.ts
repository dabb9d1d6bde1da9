import { once } from 'node:events'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { buildCli, run, scratch } from './_cli.js'

let main = ''
let folder = { path: '', dispose: () => Promise.resolve() }
let site = ''

beforeAll(async () => {
  main = await buildCli()
}, 120_000)

beforeEach(async () => {
  await folder.dispose()
  folder = await scratch()
  site = join(folder.path, 'site')
})

afterAll(() => folder.dispose())

interface Answer {
  readonly ok: boolean
  readonly problems: readonly { path: string; line?: number; problem: string; hint: string }[]
  readonly warnings: readonly { path: string; problem: string; hint: string }[]
}

/** Ports that are free, whatever else runs on this machine. */
async function freePorts(): Promise<Record<string, string>> {
  const yaml = await readFile(join(site, 'nocturne.yaml'), 'utf8').catch(() => '')
  return {
    NOCTURNE_LISTEN: '127.0.0.1:0',
    ...(/^ +dimse:/m.test(yaml) && { NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' }),
  }
}

const check = async (env: Record<string, string> = {}) => {
  const all = { ...(await freePorts()), ...env }
  const { status, stdout } = await run(main, ['check', '--site', site, '--json'], { env: all })
  return { status, ...(JSON.parse(stdout) as Answer) }
}

async function edit(from: string, to: string): Promise<void> {
  const path = join(site, 'nocturne.yaml')
  const text = await readFile(path, 'utf8')
  if (!text.includes(from)) throw new Error(`nocturne.yaml does not hold ${from}`)
  await writeFile(path, text.replace(from, to))
}

describe('nocturne init', () => {
  it('--demo creates a site with tokens that passes check', async () => {
    const { status, stdout, stderr } = await run(main, ['init', site, '--demo'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`next: nocturne serve --site ${site}`)
    const tokens = (await readdir(join(site, 'demo-tokens'))).sort()
    expect(tokens).toEqual(
      ['facility-a', 'officer-1', 'operator-1', 'reader-1'].map((id) => `${id}.token`),
    )
    for (const name of tokens) {
      const path = join(site, 'demo-tokens', name)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      const token = await readFile(path, 'utf8')
      expect(token).toMatch(/^\S{40,}\n$/)
      expect(stdout).not.toContain(token.trim())
    }
    expect(await check()).toMatchObject({
      status: 0,
      ok: true,
      problems: [],
      warnings: [{ path: 'demo-keys/' }],
    })
  })

  it('refuses a folder that contains a site', async () => {
    await run(main, ['init', site, '--demo'])
    const again = await run(main, ['init', site, '--demo', '--json'])
    expect(again.status).toBe(1)
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'site_exists' } })
    expect(again.stderr).toMatch(/^nocturne: error: .*\nnocturne: hint: .*\n$/)
    expect((await check()).ok).toBe(true)
    const { warnings } = await check({ NOCTURNE_ORIGIN: 'https://192.0.2.7' })
    expect(warnings.map(({ path }) => path)).toContain('gateway.origin')
  })

  it('leaves nothing behind when a token cannot be issued', async () => {
    await mkdir(join(folder.path, 'taken'))
    const env = { NOCTURNE_DATABASE: `sqlite:${join(folder.path, 'taken')}` }
    const { status } = await run(main, ['init', site, '--demo'], { env })
    expect(status).toBe(1)
    expect(await readdir(folder.path)).toEqual(['taken'])
  })

  it('without --demo asks for the recovery key to be moved away, and check says what to add', async () => {
    const { status, stdout } = await run(main, ['init', site, '--name', 'gateway.example.org'])
    expect(status).toBe(0)
    expect(stdout).toContain(`shred -u ${site}/recovery-key.asc`)
    const { problems, warnings } = await check()
    expect(problems.map(({ path }) => path)).toEqual(['facilities', 'groups', 'people'])
    expect(warnings.map(({ path }) => path)).toEqual(['recovery-key.asc'])
    await rm(join(site, 'recovery-key.asc'))
    expect((await check()).warnings).toEqual([])
  })

  it('exits with a usage error for an invalid gateway name', async () => {
    const { status, stderr } = await run(main, ['init', site, '--name', 'Not A Name'])
    expect(status).toBe(2)
    expect(stderr).toContain('nocturne: hint:')
  })
})

describe('nocturne check', () => {
  it('finds configuration errors and runtime problems in one run', async () => {
    await run(main, ['init', site, '--demo'])
    await edit('readers: [reader-1]', 'readers: [reader-7]')
    await edit('listen: 127.0.0.1:8080', 'listen: 127.0.0.1:99999')
    await edit(
      '{ kind: files, path: data/objects }',
      '{ kind: s3, bucket: not-there, region: us-east-1, endpoint: "http://127.0.0.1:9", forcePathStyle: true }',
    )
    await rm(join(site, 'keys/officer-1.asc'))
    await writeFile(join(site, 'keys/gateway.asc'), await readFile(join(site, 'keys/reader-1.asc')))
    await writeFile(join(site, 'keys/ledger.vkey'), 'other\n')
    const { status, ok, problems } = await check({
      // Empty counts as not set: the address of the YAML is at fault here.
      NOCTURNE_LISTEN: '',
      NOCTURNE_S3_ACCESS_KEY_ID: 'AKIA',
      NOCTURNE_S3_SECRET_ACCESS_KEY: 'hunter2',
    })
    expect({ status, ok }).toEqual({ status: 1, ok: false })
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'gateway.listen',
      'groups[0].readers[0]',
      'keys/gateway.asc',
      'keys/ledger.vkey',
      'keys/officer-1.asc',
      'store.bucket',
    ])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })

  it('tries the addresses that it would listen on', async () => {
    await run(main, ['init', site, '--demo'])
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const taken = await check({ NOCTURNE_LISTEN: `127.0.0.1:${String(port)}` })
    other.close()
    expect(taken.problems).toMatchObject([
      { path: 'gateway.listen', problem: `127.0.0.1:${String(port)} is in use by another program` },
    ])
  })

  it('refuses a database and a store that others could read along', async () => {
    await run(main, ['init', site, '--demo'])
    await edit(
      'store: { kind: files, path: data/objects }',
      'store: { kind: s3, bucket: nocturne, region: us-east-1, endpoint: "http://s3.example.org" }',
    )
    await edit('sqlite:data/nocturne.db', 'postgres://n@db.example.org/n?sslmode=require')
    const { problems } = await check()
    expect(problems.map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
      'database: has sslmode=require, which does not verify the server',
      'store.endpoint: is not an https address, or an http address of this machine',
    ])
  })

  it('prints each problem with its place and what to do, and fails', async () => {
    await run(main, ['init', site, '--demo'])
    await edit('profile: pseudonymize', 'profile: pseudonymise')
    const { status, stdout, stderr } = await run(main, ['check', '--site', site], {
      env: await freePorts(),
    })
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^facilities\[0\]\.profile \(nocturne\.yaml line \d+\): names an unknown profile, pseudonymise\n {2}did you mean pseudonymize\?/,
    )
    expect(stderr).toMatch(/^nocturne: error: the site has one problem\nnocturne: hint: /)
  })

  it('finds a database that cannot be opened', async () => {
    await run(main, ['init', site, '--demo'])
    await writeFile(join(site, 'data/nocturne.db'), 'this is no database, and never was one')
    expect((await check()).problems).toMatchObject([{ path: 'database' }])
    const env = { NOCTURNE_DATABASE: 'postgres://nocturne:hunter2@127.0.0.1:9/nocturne' }
    const { problems } = await check(env)
    expect(problems).toMatchObject([{ path: 'database' }])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })

  it('creates no database if there is none yet, and asks for the folder for it', async () => {
    await run(main, ['init', site, '--demo'])
    const env = { NOCTURNE_DATABASE: 'sqlite:elsewhere/nocturne.db' }
    expect((await check(env)).problems).toMatchObject([{ path: 'database' }])
    await mkdir(join(site, 'elsewhere'))
    expect((await check(env)).problems).toEqual([])
    expect(await readdir(join(site, 'elsewhere'))).toEqual([])
  })
})

describe('nocturne secret new', () => {
  it('creates the secret that check asks for, once', async () => {
    await run(main, ['init', site, '--demo'])
    await rm(join(site, 'secrets/facilities/facility-a.key'))
    expect((await check()).problems[0]?.hint).toContain('nocturne secret new facility-a')
    const words = ['secret', 'new', 'facility-a', '--site', site]
    expect((await run(main, words)).status).toBe(0)
    expect((await check()).ok).toBe(true)
    const again = await run(main, [...words, '--json'])
    expect(again.status).toBe(1)
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'secret_exists' } })
  })
})
