/** Whatever keeps `serve` from starting, `check` finds: planted one by one in a served site. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { checkSite } from '../../src/cli/site/site-check.js'
import { checkStore } from '../../src/cli/site/store-check.js'
import { loadSite } from '../../src/config/index.js'
import { BUILT_IN_PROFILES, loadProfile } from '../../src/deidentify/rules/index.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { createLogger } from '../../src/lib/logger.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { inspectCertificate, newKey } from '../../src/seal/keys/index.js'
import { newAuthority } from '../_certificates.js'
import { mountSmallDisk, smallDiskMissing } from '../faults/_tmpfs.js'
import { buildCli, run, scratch } from './_cli.js'

type Env = Readonly<Record<string, string>>

let folder = { path: '', dispose: () => Promise.resolve() }
let served = ''
let site = ''
const at = (...names: string[]) => join(site, ...names)
/** Rows plant their fault in `site`, and return what they add to the environment. */
type Plant = () => Promise<Env | undefined>

beforeAll(async () => {
  folder = await scratch()
  served = join(folder.path, 'served')
  await run(await buildCli(), ['init', served, '--demo'])
  site = served
  expect(await serve({})).toBe('serves')
}, 120_000)

afterAll(() => folder.dispose())

const anyPort: Env = { NOCTURNE_LISTEN: '127.0.0.1:0', NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' }

/** `serves`, the code of the error that stopped it, or `waits` for a database or store. */
async function serve(env: Env, now = new Date()): Promise<string> {
  let gateway: Gateway | undefined
  const logged = new PassThrough({ encoding: 'utf8' })
  const waiting = new Promise<string>((resolve) => {
    logged.on('data', (line: string) => {
      if (line.includes('waiting to start')) resolve('waits')
    })
  })
  try {
    const read = await loadSite(
      site,
      { ...anyPort, ...env },
      {
        now,
        inspectCertificate: (armored, policy) => inspectCertificate(armored, now, policy),
        builtInProfiles: BUILT_IN_PROFILES,
        loadProfile,
      },
    )
    gateway = await createGateway(read, { logger: createLogger('warn', logged) })
    return await Promise.race([gateway.start().then(() => 'serves'), waiting])
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    await gateway?.close(0)
  }
}

async function edit(from: string | RegExp, to: string): Promise<void> {
  const text = await readFile(at('nocturne.yaml'), 'utf8')
  const next = text.replace(from, to)
  if (next === text) throw new Error(`nocturne.yaml does not hold ${String(from)}`)
  await writeFile(at('nocturne.yaml'), next)
}

const editing =
  (from: string | RegExp, to: string): Plant =>
  async () => {
    await edit(from, to)
    return undefined
  }
const mode =
  (path: string, bits: number): Plant =>
  async () => {
    await chmod(at(path), bits)
    return undefined
  }
const writing =
  (path: string, content: () => Promise<string> | string): Plant =>
  async () => {
    await writeFile(at(path), await content())
    return undefined
  }
const removing =
  (path: string): Plant =>
  async () => {
    await rm(at(path), { recursive: true })
    return undefined
  }
const with_ =
  (env: Env): Plant =>
  () =>
    Promise.resolve(env)

const tls = async (change: (pair: { cert: string; key: string }) => Promise<void>) => {
  const { certificate: cert, key } = await (await newAuthority(site, 'tls'))('127.0.0.1')
  await chmod(key, 0o600)
  await change({ cert, key })
  await edit(/^ {2}listen: .*$/m, `  listen: 127.0.0.1:0\n  tls: { cert: ${cert}, key: ${key} }`)
  return undefined
}

const taken = createServer()

const diskMissing = await smallDiskMissing(join(tmpdir(), `nocturne-disk-${String(process.pid)}`))

/** Loaded into the command: the optional packages of the text detector are not to be found. */
const WITHOUT_TESSERACT = `import Module from 'node:module'
const resolve = Module._resolveFilename
Module._resolveFilename = (name, ...more) => {
  if (name.includes('tesseract.js')) throw Object.assign(new Error('none'), { code: 'MODULE_NOT_FOUND' })
  return resolve(name, ...more)
}
`

const PLANTED: readonly (readonly [string, RegExp, Plant])[] = [
  ['nocturne.yaml that every user can change', /^nocturne\.yaml$/, mode('nocturne.yaml', 0o666)],
  ['keys/ that every user can change', /^keys$/, mode('keys', 0o777)],
  ['a certificate that every user can change', /reader-1/, mode('keys/reader-1.asc', 0o666)],
  ['secrets/ open to others', /^secrets\/$/, mode('secrets', 0o755)],
  ['a secret open to others', /^secrets\/gateway/, mode('secrets/gateway.asc', 0o644)],
  ['YAML that is none', /nocturne\.yaml/, editing('gateway:', 'gateway: [')],
  ['a setting that does not exist', /gateway/, editing('gateway:', 'gateway:\n  colour: red')],
  ['a certificate that is missing', /reader-1/, removing('keys/reader-1.asc')],
  ['a certificate that is none', /reader-1/, writing('keys/reader-1.asc', () => 'nothing')],
  [
    'a private key as certificate',
    /reader-1/,
    writing('keys/reader-1.asc', async () => (await newKey({ name: 'x' })).privateKey),
  ],
  [
    'a ledger key of another site',
    /ledger/,
    writing('secrets/ledger.pem', () => newLedgerKey('demo').privateKey),
  ],
  ['a ledger key that is none', /ledger/, writing('secrets/ledger.pem', () => 'nothing')],
  ['a gateway key that is none', /gateway/, writing('secrets/gateway.asc', () => 'nothing')],
  [
    'a facility secret that was made anew',
    /^secrets\/facilities/,
    writing('secrets/facilities/facility-a.key', () => randomBytes(32).toString('base64')),
  ],
  ['a database that was lost', /^ledger$/, removing('data/nocturne.db')],
  ['a database that is none', /^database$/, writing('data/nocturne.db', () => 'x'.repeat(4096))],
  [
    'a database that refuses connections',
    /^database$/,
    with_({ NOCTURNE_DATABASE: 'postgres://n@127.0.0.1:9/n' }),
  ],
  [
    'a folder for the database that is missing',
    /^database$/,
    editing('data/nocturne.db', 'no/n.db'),
  ],
  [
    'another store',
    /^store$/,
    async () => {
      await rename(at('data/objects'), at('data/elsewhere'))
      await mkdir(at('data/objects'))
      return undefined
    },
  ],
  [
    'a store that cannot be written',
    /^store/,
    editing('path: data/objects', 'path: /dev/null/objects'),
  ],
  [
    'a store that is not on a disk',
    /^store\.path$/,
    editing('path: data/objects', 'path: /proc/nocturne/objects'),
  ],
  [
    'a store in a folder of the kernel that exists',
    /^store\.path$/,
    editing('path: data/objects', 'path: data/../../../../../../../proc/1/objects'),
  ],
  [
    'a database that is not on a disk',
    /^database$/,
    editing('data/nocturne.db', '/dev/nocturne/nocturne.db'),
  ],
  [
    'an S3 server that refuses connections',
    /^store/,
    async () => {
      await edit(
        '{ kind: files, path: data/objects }',
        '{ kind: s3, bucket: b, region: us-east-1, endpoint: "http://127.0.0.1:9", forcePathStyle: true }',
      )
      return { NOCTURNE_S3_ACCESS_KEY_ID: 'AKIA', NOCTURNE_S3_SECRET_ACCESS_KEY: 'x' }
    },
  ],
  [
    'a port that is taken',
    /^gateway\.listen$/,
    async () => {
      taken.listen(0, '127.0.0.1')
      await once(taken, 'listening')
      return { NOCTURNE_LISTEN: `127.0.0.1:${String((taken.address() as AddressInfo).port)}` }
    },
  ],
  [
    'an address of another machine',
    /^gateway\.listen$/,
    // TEST-NET-1, RFC 5737. Plain HTTP is for this machine, so this one has TLS.
    async () => {
      await tls(() => Promise.resolve())
      return { NOCTURNE_LISTEN: '192.0.2.1:443' }
    },
  ],
  [
    'a TLS certificate with another key',
    /tls-127.0.0.1-key/,
    () => tls(async ({ key }) => rename((await (await newAuthority(site, 'b'))('b')).key, key)),
  ],
  ['a TLS certificate that is none', /\.pem$/, () => tls(({ cert }) => writeFile(cert, 'nothing'))],
  [
    'the secret of a webhook that is missing',
    /./,
    editing(
      'facilities:',
      'notify:\n  webhooks: [{ id: pager, url: https://pager.example.org/hook, secretFile: secrets/pager }]\nfacilities:',
    ),
  ],
]

describe('check finds what keeps serve from starting', () => {
  afterAll(() => {
    taken.close()
  })

  it.each(PLANTED)('%s', async (what, place, plant) => {
    site = join(folder.path, what.replace(/\W+/g, '-'))
    await cp(served, site, { recursive: true })
    const env = { ...anyPort, ...(await plant()) }
    const { problems } = await checkSite(site, env)
    expect(await serve(env)).not.toBe('serves')
    const found = problems.filter(({ path }) => place.test(path))
    expect({ what, all: problems, found: found.length > 0 }).toMatchObject({ found: true })
    for (const { problem, hint } of problems)
      expect(problem.length > 10 && hint.length > 10).toBe(true)
  })

  it('and nothing in a site that serves', async () => {
    site = served
    expect((await checkSite(site, anyPort)).problems).toEqual([])
    expect(await serve({})).toBe('serves')
  })

  it.each([
    ['RequestTimeTooSkewed', 'clock'],
    ['PermanentRedirect', 'store.region'],
    ['InvalidAccessKeyId', 'NOCTURNE_S3_ACCESS_KEY_ID'],
    ['SignatureDoesNotMatch', 'NOCTURNE_S3_SECRET_ACCESS_KEY'],
    ['AccessDenied', 'store.bucket'],
  ])('names what an S3 server has against us: %s', async (code, place) => {
    const server = createHttpServer((request, response) => {
      request.resume()
      response.writeHead(code === 'PermanentRedirect' ? 301 : 403, { 'Content-Type': 'text/xml' })
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    const problems = await checkStore({
      dir: site,
      store: {
        ...{ kind: 's3', bucket: 'b', region: 'us-east-1', endpoint, forcePathStyle: true },
        credentials: { accessKeyId: 'AKIA', secretAccessKey: 'x' },
      },
    })
    server.close()
    expect(problems.map(({ path }) => path)).toEqual([place])
  })

  it('a clock that was never set', async () => {
    site = served
    const now = new Date('1970-01-01T00:10:00Z')
    const { problems } = await checkSite(site, anyPort, now)
    expect(problems.map(({ path }) => path)).toContain('clock')
    expect(await serve({}, now)).toBe('site_invalid')
  })

  it('a text detector whose packages are missing', async () => {
    site = join(folder.path, 'no-detector')
    await cp(served, site, { recursive: true })
    const yaml = await readFile(at('nocturne.yaml'), 'utf8')
    const wanted = 'textDetector: { kind: tesseract }\n'
    await writeFile(at('nocturne.yaml'), yaml.replace(/^textDetector:.*\n/m, '') + wanted)
    const hook = join(folder.path, 'without.mjs')
    await writeFile(hook, WITHOUT_TESSERACT)
    const env = { ...anyPort, NODE_OPTIONS: `--import=${hook}` }
    const check = await run(await buildCli(), ['check', '--site', site, '--json'], { env })
    expect(check.stdout).toContain('"path": "textDetector"')
    const serving = await run(await buildCli(), ['serve', '--site', site], { env })
    expect([serving.status, serving.stderr]).toEqual([1, expect.stringContaining('npm ci')])
  })

  const disk = diskMissing === undefined ? it : it.skip
  const why = diskMissing === undefined ? '' : ` (skipped: ${diskMissing})`
  disk(`a full disk${why}`, async () => {
    const small = await mountSmallDisk(join(folder.path, 'full'), 16)
    try {
      site = join(small.path, 'site')
      await cp(served, site, { recursive: true })
      await small.fill()
      const { problems } = await checkSite(site, anyPort)
      expect(problems.map(({ path, problem }) => `${path}: ${problem}`)).toEqual(
        expect.arrayContaining([expect.stringMatching(/^(?:store|database).*full/)]),
      )
      expect(await serve({})).not.toBe('serves')
    } finally {
      await small.unmount()
    }
  })

  it('warns of a certificate that a group can change', async () => {
    site = join(folder.path, 'group')
    await cp(served, site, { recursive: true })
    await chmod(at('keys/reader-1.asc'), 0o664)
    const { problems, warnings } = await checkSite(site, anyPort)
    expect(problems).toEqual([])
    expect(warnings.map(({ path }) => path)).toContain('keys/reader-1.asc')
  })
})
