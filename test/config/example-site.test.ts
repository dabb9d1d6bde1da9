import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadSite } from '../../src/config/index.js'
import { initSite } from '../../src/config/init/init.js'
import { LIMIT_RULES, formatLimit, limitVariable } from '../../src/config/limits.js'
import { CREDENTIALS, OVERRIDES } from '../../src/config/env.js'
import { siteSchema } from '../../src/config/yaml/schema.js'
import { inspectCertificate } from '../../src/seal/keys/certificate.js'
import { makers, newFolder, removeFolders, rooms } from './_site.js'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'config/example-site/nocturne.yaml')

afterAll(removeFolders)

describe('config/example-site', () => {
  let dir = ''

  beforeAll(async () => {
    // The way an operator would: init for the secrets, then the example in place of the file it
    // wrote.
    dir = join(await newFolder(), 'site')
    await initSite(dir, { demo: false, name: 'gateway.example.org', ...makers })
    await writeFile(join(dir, 'nocturne.yaml'), await readFile(example))
    for (const id of ['facility-a', 'facility-b'])
      await writeFile(join(dir, `secrets/facilities/${id}.key`), SECRET, { mode: 0o600 })
    for (const id of PRINCIPALS)
      await writeFile(join(dir, `keys/${id}.asc`), (await makers.newKey({ name: id })).certificate)
  })

  it('loads once its keys and secrets are made', async () => {
    const { config } = await loadSite(dir, {}, rooms)
    expect(config.facilities.map(({ id, documents }) => `${id} ${documents}`)).toEqual([
      'facility-a pass',
      'facility-b quarantine',
    ])
    expect(config.people.find(({ id }) => id === 'sender-1')?.facility).toBe('facility-a')
  })

  it('tells the true defaults', async () => {
    const { config } = await loadSite(dir, {}, rooms)
    const text = (await readFile(example, 'utf8')).replace(/^limits:\n( .*\n)+/m, '')
    await writeFile(join(dir, 'nocturne.yaml'), text.replace('    documents: pass\n', ''))
    expect((await loadSite(dir, {}, rooms)).config).toEqual(config)
  })

  it('names every key that there is', async () => {
    const text = await readFile(example, 'utf8')
    const { gateway, facilities, groups, people, limits } = siteSchema.shape
    const keys = [
      ...Object.keys(siteSchema.shape),
      ...Object.keys(gateway.shape),
      ...Object.keys(facilities.element.shape),
      ...Object.keys(groups.element.shape),
      ...Object.keys(people.element.shape),
      ...Object.keys(limits.unwrap().shape),
      ...['bucket', 'region', 'endpoint', 'forcePathStyle', 'prefix', 'path', 'kind'],
    ]
    expect(keys.filter((key) => !text.includes(`${key}:`))).toEqual([])
  })
})

describe('keys.example', () => {
  it('holds certificates that the policy accepts, and no private key', async () => {
    const folder = join(root, 'keys.example')
    const files = (await readdir(folder)).filter((name) => name.endsWith('.asc'))
    expect(files.sort()).toEqual(
      [...PRINCIPALS, 'gateway', 'recovery'].map((id) => `${id}.asc`).sort(),
    )
    for (const file of files) {
      const text = await readFile(join(folder, file), 'utf8')
      expect(text).not.toContain('PRIVATE')
      const report = await inspectCertificate(text, new Date())
      expect([file, report.problems]).toEqual([file, []])
      expect(report.userIds[0]).toContain(file === 'gateway.asc' ? 'gateway' : file.slice(0, -4))
    }
  })

  it('is the certificates of the example site', async () => {
    const dir = join(await newFolder(), 'site')
    await initSite(dir, { demo: false, ...makers })
    await writeFile(join(dir, 'nocturne.yaml'), await readFile(example))
    await mkdir(join(dir, 'keys'), { recursive: true })
    for (const id of ['facility-a', 'facility-b'])
      await writeFile(join(dir, `secrets/facilities/${id}.key`), SECRET, { mode: 0o600 })
    for (const id of [...PRINCIPALS, 'recovery'])
      await writeFile(
        join(dir, `keys/${id}.asc`),
        await readFile(join(root, `keys.example/${id}.asc`)),
      )
    const { config } = await loadSite(dir, {}, rooms)
    expect(config.people).toHaveLength(5)
  })
})

describe('src/config/README.md', () => {
  it('lists every variable and every limit with its default', async () => {
    const text = await readFile(join(root, 'src/config/README.md'), 'utf8')
    const names = [...Object.keys(OVERRIDES), ...CREDENTIALS].filter(
      (name) => !text.includes(`\`${name}\``),
    )
    expect(names).toEqual([])
    for (const [name, { unit, standard, min, max, reason }] of Object.entries(LIMIT_RULES)) {
      const cells = [standard, min, max].map((value) => formatLimit(value, unit)).join(' | ')
      const row = `| \`${name}\` | \`${limitVariable(name)}\` | ${cells} | ${reason} |`
      expect(text.replace(/ +/g, ' ')).toContain(row)
    }
  })
})

const PRINCIPALS = [
  'facility-a',
  'facility-b',
  'reader-1',
  'reader-2',
  'officer-1',
  'operator-1',
  'sender-1',
]
const SECRET = `${Buffer.alloc(32, 7).toString('base64')}\n`
