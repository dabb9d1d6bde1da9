import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { loadSite, surveySite } from '../../src/config/index.js'
import { addFacilitySecret } from '../../src/config/init/facility-secret.js'
import { initSite } from '../../src/config/init/init.js'
import { demoSite, edit, makers, newFolder, problemsOf, removeFolders, rooms } from './_site.js'

afterAll(removeFolders)

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** Every file and folder of a site with its mode. */
async function modesOf(dir: string) {
  const entries = await readdir(dir, { recursive: true })
  const pairs = await Promise.all(
    entries.map(async (name) => [name, await modeOf(join(dir, name))] as const),
  )
  return Object.fromEntries(pairs)
}

describe('init --demo', () => {
  it('makes a site without a problem, with private things for their owner alone', async () => {
    const dir = await demoSite()
    expect(await problemsOf(dir)).toEqual([])
    expect(await modeOf(dir)).toBe('700')
    expect(await modesOf(dir)).toEqual({
      'nocturne.yaml': '644',
      data: '700',
      keys: '755',
      'keys/facility-a.asc': '644',
      'keys/gateway.asc': '644',
      'keys/ledger.vkey': '644',
      'keys/officer-1.asc': '644',
      'keys/operator-1.asc': '644',
      'keys/reader-1.asc': '644',
      'keys/recovery.asc': '644',
      secrets: '700',
      'secrets/facilities': '700',
      'secrets/facilities/facility-a.key': '600',
      'secrets/gateway.asc': '600',
      'secrets/ledger.pem': '600',
      'demo-keys': '700',
      'demo-keys/facility-a.asc': '600',
      'demo-keys/officer-1.asc': '600',
      'demo-keys/operator-1.asc': '600',
      'demo-keys/reader-1.asc': '600',
      'demo-keys/recovery.asc': '600',
    })
  })

  it('gives a configuration with absolute paths, armored certificates and secrets apart', async () => {
    const dir = await demoSite()
    const { config, secrets } = await loadSite(dir, {}, rooms)
    expect(config.gateway).toEqual({ name: 'demo.nocturne.example', host: '127.0.0.1', port: 8080 })
    expect(config.database).toBe(`sqlite:${dir}/data/nocturne.db`)
    expect(config.store).toEqual({ kind: 'files', path: join(dir, 'data/objects') })
    expect(config.people.map(({ id, role }) => `${id} ${role}`)).toEqual([
      'reader-1 reader',
      'officer-1 officer',
      'operator-1 operator',
    ])
    expect(config.recovery).toBe(await readFile(join(dir, 'keys/recovery.asc'), 'utf8'))
    expect(config.limits.itemBytes).toBe(8 * 1024 ** 3)
    expect(secrets.facilities.get('facility-a')).toHaveLength(32)
    expect(JSON.stringify(config)).not.toContain('PRIVATE KEY')
  })

  it('makes other secrets each time', async () => {
    const [one, two] = [await demoSite(), await demoSite()]
    for (const name of ['ledger.pem', 'gateway.asc', 'facilities/facility-a.key'])
      expect(await readFile(join(one, 'secrets', name))).not.toEqual(
        await readFile(join(two, 'secrets', name)),
      )
  })
})

describe('init', () => {
  it('without --demo makes a site whose problems say what to add, and nothing else', async () => {
    const dir = join(await newFolder(), 'site')
    const report = await initSite(dir, { demo: false, name: 'gateway.example.org', ...makers })
    expect(report.recoveryKey).toBe(join(dir, 'recovery-key.asc'))
    expect(await modeOf(report.recoveryKey)).toBe('600')
    const { problems } = await surveySite(dir, {}, rooms)
    expect(problems.map(({ path }) => path)).toEqual(['facilities', 'groups', 'people'])
    expect(problems[0]?.hint).toContain('nocturne secret new')
  })

  it('refuses a folder that holds a site, and leaves it as it was', async () => {
    const dir = await demoSite()
    const before = await modesOf(dir)
    const yaml = await readFile(join(dir, 'nocturne.yaml'), 'utf8')
    await expect(initSite(dir, { demo: true, ...makers })).rejects.toMatchObject({
      code: 'site_exists',
    })
    await expect(initSite(dir, { demo: false, ...makers })).rejects.toMatchObject({
      code: 'site_exists',
    })
    expect(await modesOf(dir)).toEqual(before)
    expect(await readFile(join(dir, 'nocturne.yaml'), 'utf8')).toBe(yaml)
  })

  it('refuses a folder with a part of a site, so that no key is written over', async () => {
    const dir = await newFolder()
    await mkdir(join(dir, 'secrets'))
    await expect(initSite(dir, { demo: true, ...makers })).rejects.toMatchObject({
      code: 'site_exists',
    })
    expect(await readdir(dir)).toEqual(['secrets'])
  })

  it('moves into an existing folder and keeps its other files', async () => {
    const dir = await newFolder()
    await writeFile(join(dir, 'notes.txt'), 'mine')
    await initSite(dir, { demo: true, ...makers })
    expect(await problemsOf(dir)).toEqual([])
    expect((await readdir(dir)).sort()).toEqual(
      ['data', 'demo-keys', 'keys', 'nocturne.yaml', 'notes.txt', 'secrets'].sort(),
    )
  })

  it.each([true, false])('leaves nothing when a step fails (folder there: %p)', async (isThere) => {
    const parent = await newFolder()
    const dir = join(parent, 'site')
    if (isThere) await mkdir(dir)
    const finish = () => Promise.reject(new Error('planted'))
    await expect(initSite(dir, { demo: true, ...makers, finish })).rejects.toThrow('planted')
    expect(await readdir(parent, { recursive: true })).toEqual(isThere ? ['site'] : [])
  })

  it('makes one site when two run at once', async () => {
    const dir = join(await newFolder(), 'site')
    const runs = await Promise.allSettled(
      [1, 2, 3].map(() => initSite(dir, { demo: true, ...makers })),
    )
    expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await problemsOf(dir)).toEqual([])
  })

  it('refuses a name that no gateway can have', async () => {
    const dir = join(await newFolder(), 'site')
    for (const name of ['A Name', 'x+y', '', 'a/b'])
      await expect(initSite(dir, { demo: true, name, ...makers })).rejects.toMatchObject({
        code: 'usage',
      })
  })
})

describe('secret new', () => {
  it('makes the secret that a facility added later lacks', async () => {
    const dir = await demoSite()
    await edit(dir, [
      'groups: [nights] }',
      'groups: [nights] }\n  - { id: facility-b, certificate: keys/facility-b.asc, profile: strip, groups: [nights] }',
    ])
    const key = await makers.newKey({ name: 'facility-b' })
    await writeFile(join(dir, 'keys/facility-b.asc'), key.certificate)
    const { problems } = await surveySite(dir, {}, rooms)
    expect(problems).toMatchObject([{ path: 'secrets/facilities/facility-b.key' }])
    expect(problems[0]?.hint).toContain(`nocturne secret new facility-b --site ${dir}`)
    const path = await addFacilitySecret(dir, 'facility-b')
    expect(await modeOf(path)).toBe('600')
    expect(await problemsOf(dir)).toEqual([])
  })

  it('never replaces one, and makes none for a facility that does not exist', async () => {
    const dir = await demoSite()
    const path = join(dir, 'secrets/facilities/facility-a.key')
    const before = await readFile(path, 'utf8')
    await expect(addFacilitySecret(dir, 'facility-a')).rejects.toMatchObject({
      code: 'secret_exists',
    })
    expect(await readFile(path, 'utf8')).toBe(before)
    for (const id of ['facility-x', '../../nocturne', ''])
      await expect(addFacilitySecret(dir, id)).rejects.toMatchObject({ code: 'unknown_principal' })
  })
})
