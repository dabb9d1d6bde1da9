/**
 * The modules that a command loads before it responds, all of which delay the user every time. They
 * are counted, not timed.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { listCommands } from '../../src/cli/program.js'
import { buildCli, run, scratch } from './_cli.js'

const HOOK = new URL('_loaded-modules.mjs', import.meta.url).href

const TRANSFER = {
  id: '01985b2e-7c11-7f3a-9d52-1f0c5a9be001',
  state: 'available',
  facility: 'facility-a',
  group: 'nights',
  priority: 'stat',
  createdAt: '2026-03-01T00:00:00.000Z',
  availableAt: '2026-03-01T00:00:00.000Z',
  items: 3,
  bytes: 1000,
}

let main: string
let folder: Awaited<ReturnType<typeof scratch>>
beforeAll(async () => {
  main = await buildCli()
  folder = await scratch()
}, 120_000)
afterAll(() => folder.dispose())

interface Loaded {
  readonly stdout: string
  /** Our own modules, under src/. */
  readonly ours: readonly string[]
  readonly packages: ReadonlySet<string>
}

async function loadedBy(...words: string[]): Promise<Loaded> {
  const file = join(folder.path, 'modules')
  const env = { NODE_OPTIONS: `--import=${HOOK}`, NOCTURNE_TEST_MODULES: file }
  const { status, stdout, stderr } = await run(main, words, { env })
  if (status !== 0) throw new Error(stderr)
  const urls = new Set((await readFile(file, 'utf8')).trim().split('\n'))
  await rm(file)
  const built = `${pathToFileURL(dirname(dirname(main))).href}/`
  const packageOf = (url: string) =>
    /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/dist\/)/.exec(url)?.[1]
  const ours = [...urls].filter((url) => url.startsWith(built))
  return {
    stdout,
    ours: ours.map((url) => fileURLToPath(url).slice(fileURLToPath(built).length)).sort(),
    packages: new Set(
      [...urls].filter((url) => !url.startsWith(built)).flatMap((url) => packageOf(url) ?? []),
    ),
  }
}

it('lists every command without loading one', async () => {
  const { stdout, ours, packages } = await loadedBy('--help')
  expect([...packages]).toEqual(['commander'])
  expect(ours.filter((path) => path.startsWith('cli/commands/'))).toEqual([])
  expect(ours.length).toBeLessThan(25)
  const stripped = (text: string) => text.replace(/\s+/g, ' ')
  const listed = await listCommands()
  expect(listed.length).toBeGreaterThan(20)
  for (const { usage, summary } of listed) {
    const [name, ...rest] = usage.split(' ')
    expect(stripped(stdout)).toMatch(
      new RegExp(` ${escaped(name)} (\\[options\\] )?${escaped([...rest, summary].join(' '))}`),
    )
  }
})

it('shows the inbox with the client only: no DICOM, OpenPGP, PDF, CMS, S3 or database', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ transfers: [TRANSFER] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const token = join(folder.path, 'reader.token')
  await writeFile(token, 'token\n', { mode: 0o600 })
  try {
    const words = ['inbox', '--gateway', `http://127.0.0.1:${String(port)}`, '--token-file', token]
    const { stdout, ours, packages } = await loadedBy(...words)
    expect(stdout).toContain(TRANSFER.id)
    expect([...packages].sort()).toEqual(['commander', 'zod'])
    const folders = new Set(ours.map((path) => path.split('/')[0]))
    expect([...folders].sort().filter((name) => name !== 'protocol')).toEqual(['cli', 'lib'])
    expect(ours.filter((path) => path.startsWith('cli/commands/'))).toEqual([
      'cli/commands/reader/critical-text.js',
      'cli/commands/reader/inbox.js',
      'cli/commands/reader/part-text.js',
    ])
  } finally {
    server.close()
  }
})

it('seals and opens a file with OpenPGP only', async () => {
  const at = (name: string) => join(folder.path, name)
  await run(main, ['key', 'new', '--name', 'reader', '--out', at('reader.asc')])
  await writeFile(at('note.txt'), 'a note')
  const sealed = await loadedBy(
    ...['seal', at('note.txt'), '--to', at('reader.pub.asc'), '--out', at('sealed')],
  )
  expect([...sealed.packages].sort()).toEqual(['commander', 'openpgp'])
  const opened = await loadedBy(
    ...['open', at('sealed/note.txt.pgp'), '--key', at('reader.asc'), '--out', at('opened')],
  )
  expect([...opened.packages].sort()).toEqual(['commander', 'openpgp'])
  expect(await readFile(at('opened/note.txt'), 'utf8')).toBe('a note')
})

const escaped = (text = '') => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
