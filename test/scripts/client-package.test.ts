/** The client package as its user has it: in an empty folder, with only its dependencies. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
// Loaded before openSite loads these modules in parallel, which Jest's module loader does not
// support.
import '../../src/config/index.js'
import '../../src/deidentify/rules/index.js'
import { openSite } from '../../src/cli/site/site.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { createLogger } from '../../src/lib/logger.js'
import { run } from '../cli/_cli.js'
import { builtCommand } from '../_built.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { makeStudy } from '../whole-way/_study.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Modules that are native, or that only a server needs. */
const NOT_HERE = ['better-sqlite3', 'pg', 'express', 'multer', '@aws-sdk/client-s3', 'pino']

let folder: string
let installed: string
let main: string
let manifest: { readonly version: string; readonly dependencies: Readonly<Record<string, string>> }
let site: TestSite
let gateway: Gateway
let url: string

beforeAll(async () => {
  builtCommand()
  folder = await mkdtemp(join(tmpdir(), 'nocturne-client-test-'))
  const out = join(folder, 'packages')
  execFileSync(process.execPath, [join(ROOT, 'scripts/pack.mjs'), '--client', '--out', out])
  const [tarball = ''] = await readdir(out)
  expect(tarball).toMatch(/^nocturne-client-.*\.tgz$/)
  installed = join(folder, 'home/node_modules/nocturne-client')
  await mkdir(installed, { recursive: true })
  const words = ['-xzf', join(out, tarball), '-C', installed, '--strip-components=1']
  execFileSync('tar', words)
  manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as typeof manifest
  // Installed as npm would, but without a network: only packages listed here can be resolved.
  for (const name of Object.keys(manifest.dependencies)) {
    const target = join(folder, 'home/node_modules', name)
    await mkdir(dirname(target), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), target)
  }
  main = join(installed, 'dist/cli/main.js')
  site = await makeSite()
  gateway = await createGateway(await openSite(site.dir), {
    port: 0,
    logger: createLogger('silent'),
  })
  url = (await gateway.start()).url
}, 120_000)
afterAll(async () => {
  await gateway.close()
  await site.remove()
  await rm(folder, { recursive: true, force: true })
})

const as = (principal: string, ...words: readonly string[]) =>
  run(main, [...words, '--gateway', url, '--token-file', site.tokenFile(principal)], {
    cwd: folder,
  })

it('depends on nothing native and nothing of a server, in the versions of the gateway', async () => {
  const { dependencies } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as typeof manifest
  expect(Object.keys(manifest.dependencies)).toContain('openpgp')
  expect(dependencies).toMatchObject(manifest.dependencies)
  for (const name of NOT_HERE) expect(manifest.dependencies).not.toHaveProperty([name])
})

it('contains files whose names are legal everywhere, and none from a room the client does not need', async () => {
  const names = await readdir(installed, { recursive: true })
  const parts = new Set(names.flatMap((name) => name.split('/')))
  for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,80}$/)
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
  expect(names.filter((name) => /^dist\/(?:state|store|http|access)\//.test(name))).toEqual([])
})

it('lists its commands, and refuses those that only the gateway has', async () => {
  const help = await run(main, ['--help'])
  expect(help.status).toBe(0)
  const commands = ['send', 'inbox', 'claim', 'release', 'pull', 'open', 'seal', 'key', 'sign-in']
  for (const name of [...commands, 'quarantine', 'crosswalk', 'reidentify', 'deidentify'])
    expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  expect(help.stdout).not.toMatch(/^ {2}serve /m)
  expect(await run(main, ['serve', '--site', site.dir])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("unknown command 'serve'"),
  })
  const confirm = ['key', 'confirm', '--site', site.dir, '--principal', 'reader-1']
  const refused = await run(main, [...confirm, '--json'])
  expect(refused.status).toBe(1)
  expect(refused.stdout).toContain('client_only')
  const sealing = await as('facility-a', 'send', main, '--seal-here', '--json')
  expect(sealing.status).toBe(1)
  expect(sealing.stdout).toContain('client_only')
})

it('sends a study, and fetches and opens it, with a remote gateway', async () => {
  const study = join(folder, 'study')
  await makeStudy(study, '--instances', '2', '--size', '16', '--document')
  const sent = await as('facility-a', 'send', study, '--group', 'nights')
  expect(sent).toMatchObject({ status: 0, stdout: expect.stringContaining('3 accepted') })
  const [id = ''] = /[0-9a-f-]{36}/.exec(sent.stdout) ?? []
  expect((await as('reader-1', 'inbox')).stdout).toContain(id)
  const out = join(folder, 'opened')
  const key = ['--key', site.keyFile('reader-1'), '--out', out]
  expect(await as('reader-1', 'pull', id, ...key)).toMatchObject({ status: 0 })
  expect((await readdir(join(out, id), { recursive: true })).join()).toContain('.dcm')
})

it('works on files without a gateway: seals and opens, and shows a de-identified header', async () => {
  const file = join(folder, 'study/requisition.pdf')
  const certificate = join(site.dir, 'keys/reader-1.asc')
  const sealed = join(folder, 'sealed')
  const seal = ['seal', file, '--to', certificate, '--out', sealed]
  expect(await run(main, seal)).toMatchObject({ status: 0 })
  const [name = ''] = await readdir(sealed)
  const words = ['open', join(sealed, name), '--key', site.keyFile('reader-1')]
  expect(await run(main, [...words, '--out', join(folder, 'plain')])).toMatchObject({ status: 0 })
  expect(await readFile(join(folder, 'plain/requisition.pdf'))).toEqual(await readFile(file))
  const image = join(folder, 'study/IM0001.dcm')
  const shown = await run(main, ['deidentify', image, '--profile', 'pseudonymize', '--dry-run'])
  expect(shown).toMatchObject({ status: 0, stdout: expect.stringContaining('PatientName') })
})
