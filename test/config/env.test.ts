import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadSite, surveySite } from '../../src/config/index.js'
import { LIMIT_RULES, limitVariable } from '../../src/config/limits.js'
import { demoSite, edit, problemsOf, removeFolders, rooms } from './_site.js'

afterAll(removeFolders)

let dir = ''
beforeAll(async () => {
  dir = await demoSite()
})

const load = (env: Record<string, string>) => loadSite(dir, env, rooms)

describe('the environment', () => {
  it('replaces what it names and nothing else', async () => {
    const before = await load({})
    const { config } = await load({
      NOCTURNE_LOG_LEVEL: 'debug',
      NOCTURNE_LISTEN: '[::1]:0',
      NOCTURNE_ORIGIN: 'https://gateway.example.org',
      NOCTURNE_STORE_PATH: 'elsewhere',
    })
    expect(config).toEqual({
      ...before.config,
      logLevel: 'debug',
      gateway: {
        ...before.config.gateway,
        host: '::1',
        port: 0,
        origin: 'https://gateway.example.org',
      },
      store: { kind: 'files', path: join(dir, 'elsewhere') },
    })
  })

  it('takes an empty variable for one that is not set', async () => {
    const empty = { NOCTURNE_LOG_LEVEL: '', NOCTURNE_S3_BUCKET: '', NOCTURNE_DATABASE_PASSWORD: '' }
    expect(await load(empty)).toEqual(await load({}))
  })

  it('turns the store into S3, with credentials that are nowhere in the YAML', async () => {
    const { config } = await load({
      NOCTURNE_S3_BUCKET: 'nocturne',
      NOCTURNE_S3_REGION: 'us-east-1',
      NOCTURNE_S3_ENDPOINT: 'http://127.0.0.1:9000',
      NOCTURNE_S3_FORCE_PATH_STYLE: 'true',
      NOCTURNE_S3_PREFIX: 'night/a',
      NOCTURNE_S3_ACCESS_KEY_ID: 'AKIA',
      NOCTURNE_S3_SECRET_ACCESS_KEY: 'hunter2',
      NOCTURNE_S3_SESSION_TOKEN: 'session',
    })
    expect(config.store).toEqual({
      kind: 's3',
      bucket: 'nocturne',
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:9000',
      forcePathStyle: true,
      prefix: 'night/a',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'hunter2', sessionToken: 'session' },
    })
  })

  it('says which parts of an S3 store are still missing or contradict', async () => {
    expect(await problemsOf(dir, { NOCTURNE_S3_BUCKET: 'nocturne' })).toEqual([
      'store.region: is missing',
    ])
    expect(await problemsOf(dir, { NOCTURNE_S3_REGION: 'us-east-1' })).toEqual(
      expect.arrayContaining(['NOCTURNE_S3_REGION: is set, but the store is a folder']),
    )
    expect(
      await problemsOf(dir, { NOCTURNE_S3_BUCKET: 'nocturne', NOCTURNE_STORE_PATH: 'x' }),
    ).toEqual(
      expect.arrayContaining([
        'NOCTURNE_STORE_PATH: and NOCTURNE_S3_BUCKET are both set, but a site has only one store',
      ]),
    )
  })

  it('parts a password from the URL of the database, and keeps it out of the configuration', async () => {
    for (const env of [
      { NOCTURNE_DATABASE: 'postgres://nocturne:p%40ss@db.example.org/nocturne' },
      { NOCTURNE_DATABASE: 'postgres://nocturne@db.example.org/nocturne?password=p%40ss' },
      {
        NOCTURNE_DATABASE: 'postgres://nocturne@db.example.org/nocturne',
        NOCTURNE_DATABASE_PASSWORD: 'p@ss',
      },
    ]) {
      const { config, secrets } = await load(env)
      expect(config.database).toBe('postgres://nocturne@db.example.org/nocturne')
      expect(secrets.databasePassword).toBe('p@ss')
    }
  })

  it('reads a credential from a file that not everybody can read', async () => {
    const path = join(dir, 'password')
    await writeFile(path, 'p@ss\n', { mode: 0o640 })
    const env = { NOCTURNE_DATABASE_PASSWORD_FILE: path }
    expect((await load(env)).secrets.databasePassword).toBe('p@ss')
    expect(await problemsOf(dir, { ...env, NOCTURNE_DATABASE_PASSWORD: 'x' })).toEqual([
      'NOCTURNE_DATABASE_PASSWORD_FILE: and NOCTURNE_DATABASE_PASSWORD are both set',
    ])
    await chmod(path, 0o644)
    expect(await problemsOf(dir, env)).toEqual([
      `NOCTURNE_DATABASE_PASSWORD_FILE: ${path} is accessible to every user of this machine`,
    ])
  })

  it.each(Object.entries(LIMIT_RULES))('sets limits.%s within its range', async (name, rule) => {
    const variable = limitVariable(name)
    for (const value of [rule.min - 1, rule.max + 1]) {
      const problems = await problemsOf(dir, { [variable]: String(value) })
      expect(problems).toEqual([expect.stringMatching(new RegExp(`^${variable}: is too`))])
    }
    const { problems } = await surveySite(dir, { [variable]: 'many' }, rooms)
    expect(problems).toMatchObject([{ path: variable, problem: 'is not a whole number' }])
    expect((await load({ [variable]: String(rule.standard) })).config.limits).toHaveProperty(
      name,
      rule.standard,
    )
  })

  it('takes sizes as people write them', async () => {
    expect((await load({ NOCTURNE_LIMIT_ITEM_BYTES: '512 MiB' })).config.limits.itemBytes).toBe(
      512 * 1024 ** 2,
    )
  })

  it('refuses a limit that another one makes pointless', async () => {
    expect(await problemsOf(dir, { NOCTURNE_LIMIT_TRANSFER_BYTES: '1 GiB' })).toEqual([
      'limits.itemBytes: is larger than limits.transferBytes, so it could never be reached',
    ])
  })

  it('leaves alone what tests set, and a platform for a service of our name', async () => {
    const others = {
      NOCTURNE_TEST_S3_ENDPOINT: 'http://127.0.0.1:1',
      NOCTURNE_TEST_S3_REGION: 'us-east-1',
      NOCTURNE_TEST_POSTGRES: 'postgres://127.0.0.1/test',
      NOCTURNE_PORT: 'tcp://10.0.0.1:8080',
      NOCTURNE_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      NOCTURNE_PORT_8080_TCP_ADDR: '10.0.0.1',
      NOCTURNE_PORT_8080_TCP_PORT: '8080',
      NOCTURNE_PORT_8080_TCP_PROTO: 'tcp',
      NOCTURNE_SERVICE_HOST: '10.0.0.1',
      NOCTURNE_SERVICE_PORT: '8080',
      NOCTURNE_SERVICE_PORT_HTTP: '8080',
    }
    expect(await problemsOf(dir, others)).toEqual([])
  })

  it('corrects a site whose YAML is wrong in the same place', async () => {
    const broken = await demoSite()
    await edit(broken, ['listen: 127.0.0.1:8080', 'listen: nowhere'])
    expect(await problemsOf(broken)).toEqual(['gateway.listen: is not HOST:PORT'])
    expect(await problemsOf(broken, { NOCTURNE_LISTEN: '127.0.0.1:8080' })).toEqual([])
  })
})
