import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  browserFaults,
  browserFiles,
  circleFaults,
  faceFaults,
  faultOf,
  floorFaults,
  folderFaults,
  startFaults,
} from './_architecture.js'
import { importsIn } from './_imports.js'

const root = fileURLToPath(new URL('../src', import.meta.url))

const RULES = {
  floors: floorFaults,
  circles: circleFaults,
  browsers: browserFaults,
  start: startFaults,
  faces: faceFaults,
  folders: folderFaults,
}
type Rule = keyof typeof RULES

/** Every fault in a tree of sources, with the rule that finds it. */
async function faultsIn(tree: string): Promise<[Rule, string][]> {
  const all = Object.entries(RULES) as [Rule, (typeof RULES)[Rule]][]
  const found = await Promise.all(
    all.map(async ([rule, faultsOf]) =>
      (await faultsOf(tree)).map((fault): [Rule, string] => [rule, fault]),
    ),
  )
  return found.flat()
}

describe('src', () => {
  it('follows every rule', async () => {
    expect(await faultsIn(root)).toEqual([])
  })

  it('has the files that run in browsers where the rule looks for them', async () => {
    const files = await browserFiles(root)
    expect(files).toContain('seal/open/open.ts')
    expect(files.some((file) => file.startsWith('ledger/verify/'))).toBe(true)
  })
})

/** A small tree with a place on every floor, in which everything is allowed. */
const SOUND: Readonly<Record<string, string>> = {
  'lib/errors.ts': `export class NocturneError extends Error {}`,
  'dicom/index.ts': `/** Ground. */\nexport { walk } from './walk.js'`,
  'dicom/walk.ts': `import { NocturneError } from '../lib/errors.js'\nexport const walk = () => { throw new NocturneError() }`,
  'seal/index.ts': `/** A room. */\nexport { newEnvelope } from './envelope.js'\nexport type { Sealed } from './envelope.js'`,
  'seal/envelope.ts': `import { randomBytes } from 'node:crypto'\nexport interface Sealed { readonly bytes: Uint8Array }\nexport const newEnvelope = (): Sealed => ({ bytes: randomBytes(1) })`,
  'seal/open/open.ts': `import { walk } from '../../dicom/index.js'\nexport const open = walk`,
  'store/index.ts': `/** A room. */\nexport { openStore } from './files.js'`,
  'store/files.ts': `import type { Sealed } from '../seal/index.js'\nexport const openStore = (sealed: Sealed) => sealed`,
  'transfer.ts': `import { newEnvelope } from './seal/index.js'\nexport const transfer = newEnvelope`,
  'http/app.ts': `import type { Sealed } from '../seal/index.js'\nexport const app = (sealed: Sealed) => sealed`,
  'gateway.ts': `import { app } from './http/app.js'\nexport const gateway = app`,
  'cli/main.ts': `import { Command } from 'commander'\nexport const command = new Command()\nvoid import('./serve.js')`,
  'cli/serve.ts': `import express from 'express'\nimport { gateway } from '../gateway.js'\nexport const serve = [express, gateway]`,
}

const trees: string[] = []

afterAll(async () => {
  await Promise.all(trees.map((tree) => rm(tree, { recursive: true, force: true })))
})

/** Writes the sound tree and the given files over it. */
async function treeWith(files: Readonly<Record<string, string>>): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'nocturne-tree-'))
  trees.push(tree)
  for (const [file, text] of Object.entries({ ...SOUND, ...files })) {
    await mkdir(dirname(join(tree, file)), { recursive: true })
    await writeFile(join(tree, file), `${text}\n`)
  }
  return tree
}

const names = (count: number): string =>
  Array.from({ length: count }, (_, at) => `name${String(at)}`).join(', ')

interface Offence {
  readonly what: string
  readonly rule: Rule
  readonly files: Readonly<Record<string, string>>
  readonly faults: readonly string[]
}

const OFFENCES: readonly Offence[] = [
  {
    what: 'a value of an upper floor',
    rule: 'floors',
    files: { 'store/put.ts': `import { app } from '../http/app.js'\nexport const put = app` },
    faults: ['src/store/put.ts:1 imports ../http/app.js: an arrow upward'],
  },
  {
    what: 'a type of an upper floor',
    rule: 'floors',
    files: { 'lib/pace.ts': `type A = import('../seal/index.js').Sealed\nexport type Pace = A` },
    faults: ['src/lib/pace.ts:1 imports ../seal/index.js: lib imports nothing of ours'],
  },
  {
    what: 'another room loaded when execution reaches it',
    rule: 'floors',
    files: { 'store/put.ts': `\nexport const put = async () => import('../seal/index.js')` },
    faults: [
      'src/store/put.ts:2 imports ../seal/index.js: a room imports types of other rooms, and takes functions as arguments',
    ],
  },
  {
    what: 'a computed import',
    rule: 'floors',
    files: {
      'gateway/open.ts': 'export const open = async (name: string) => import(`../${name}.js`)',
    },
    faults: ['src/gateway/open.ts:1 imports (computed): is computed, so nothing can check it'],
  },
  {
    what: 'a file behind the face of a room',
    rule: 'floors',
    files: { 'gateway/open.ts': `export { openStore } from '../store/files.js'` },
    faults: ['src/gateway/open.ts:1 imports ../store/files.js: reaches behind the face of store'],
  },
  {
    what: 'a circle of two files',
    rule: 'circles',
    files: {
      'store/a.ts': `import { b } from './b.js'\nexport const a = () => b`,
      'store/b.ts': `import { a } from './a.js'\nexport const b = () => a`,
    },
    faults: ['a circle: store/a.ts store/b.ts'],
  },
  {
    what: 'a circle of types through two rooms',
    rule: 'circles',
    files: {
      'seal/envelope.ts': `import type { openStore } from '../store/index.js'\nexport type Sealed = typeof openStore\nexport const newEnvelope = () => 1`,
    },
    faults: ['a circle: seal/envelope.ts seal/index.ts store/files.ts store/index.ts'],
  },
  {
    what: 'a circle closed by import()',
    rule: 'circles',
    files: {
      'store/a.ts': `import { b } from './b.js'\nexport const a = b`,
      'store/b.ts': `import { c } from './c.js'\nexport const b = c`,
      'store/c.ts': `export const c = async () => import('./a.js')`,
    },
    faults: ['a circle: store/a.ts store/b.ts store/c.ts'],
  },
  {
    what: 'a circle of a page',
    rule: 'circles',
    files: {
      'web/pages/list.tsx': `import { row } from './row.js'\nexport const list = () => row`,
      'web/pages/row.tsx': `import { list } from './list.js'\nexport const row = () => list`,
    },
    faults: ['a circle: web/pages/list.tsx web/pages/row.tsx'],
  },
  {
    what: 'a Node module in a page',
    rule: 'browsers',
    files: {
      'web/pages/list.tsx': `import { inspect } from 'node:util'\nexport const list = inspect`,
    },
    faults: ['src/web/pages/list.tsx:1 imports node:util: is a Node module'],
  },
  {
    what: 'a Node module behind code for browsers',
    rule: 'browsers',
    files: {
      'seal/open/open.ts': `import { inflate } from './inflate-stream.js'\nexport const open = inflate`,
      'seal/open/inflate-stream.ts': `import { inflateSync } from 'node:zlib'\nexport const inflate = inflateSync`,
    },
    faults: ['src/seal/open/inflate-stream.ts:1 imports node:zlib: is a Node module'],
  },
  {
    what: 'a package loaded at every start of the command',
    rule: 'start',
    files: {
      'cli/main.ts': `import { table } from './table.js'\nexport const command = table`,
      'cli/table.ts': `import yaml from 'yaml'\nexport const table = yaml`,
    },
    faults: ['src/cli/table.ts:1 imports yaml: is loaded at every start of the command'],
  },
  {
    what: 'a face of 16 names',
    rule: 'faces',
    files: {
      'store/index.ts': `export { ${names(15)} } from './files.js'\nexport type { Store } from './files.js'`,
    },
    faults: ['src/store/index.ts has 16 names'],
  },
  {
    what: 'a face that makes something, and one that exports everything',
    rule: 'faces',
    files: {
      'store/index.ts': `export const MIB = 1024`,
      'seal/browser.ts': `export * from './frames.js'`,
      'seal/frames.ts': `export const frames = 1`,
    },
    faults: [
      `src/seal/browser.ts makes something itself: export * from './frames.js'`,
      'src/store/index.ts makes something itself: export const MIB = 1024',
    ],
  },
  {
    what: 'a folder of 26 files',
    rule: 'folders',
    files: Object.fromEntries(
      Array.from({ length: 26 }, (_, at) => [`store/s3/part-${String(at)}.ts`, 'export {}']),
    ),
    faults: ['src/store/s3 has 26 files'],
  },
]

describe('a tree of files', () => {
  it('in which everything is allowed has no fault', async () => {
    expect(await faultsIn(await treeWith({}))).toEqual([])
  })

  it.each(OFFENCES)('with $what is found by the rule about $rule', async (offence) => {
    const { rule, files, faults } = offence
    const found = await faultsIn(await treeWith(files))
    expect(found).toEqual(faults.map((fault) => [rule, fault]))
  })

  it('may have faces of exactly 15 names, and folders of exactly 25 files', async () => {
    const parts = Array.from({ length: 25 }, (_, at) => `store/s3/part-${String(at)}.ts`)
    const files = Object.fromEntries(parts.map((path) => [path, '']))
    const face = `export { ${names(15)} } from './files.js'`
    const tree = await treeWith({ ...files, 'store/index.ts': face })
    expect(await faultsIn(tree)).toEqual([])
  })

  it('without any import is not passed silently', async () => {
    const tree = await mkdtemp(join(tmpdir(), 'nocturne-tree-'))
    trees.push(tree)
    await expect(floorFaults(tree)).rejects.toThrow('no import')
  })
})

describe('the rule about floors', () => {
  const faultsOf = (file: string, text: string) => importsIn(file, text).map(faultOf)

  it.each([
    ['store/files.ts', `import type { SealedStream } from '../seal/index.js'`],
    ['store/files.ts', `import { NocturneError } from '../lib/errors.js'`],
    ['store/files.ts', `import { randomName } from './names.js'`],
    ['store/files.ts', `export type * from '../state/index.js'`],
    ['store/files.ts', `type A = import('../seal/index.js').SealedStream`],
    ['store/s3/put.ts', `import type { SealedStream } from '../../seal/index.js'`],
    ['transfer.ts', `import { openStore } from './store/index.js'`],
    ['cli/commands/pull.ts', `import { createGateway } from '../../gateway.js'`],
    ['gateway.ts', `import { createApp } from './http/app.js'`],
    ['store/files.ts', `import { hex } from '../dicom/dictionary/index.js'`],
    ['web/pages/verify.ts', `import { verifyPackage } from '../../ledger/browser.js'`],
    ['http/app.ts', `import { receiveForm } from '../doors/form/index.js'`],
    ['gateway/rooms.ts', `import { Upload } from '../transfer.js'`],
  ])('allow %s to write %s', (file, text) => {
    expect(faultsOf(file, text)).toEqual([undefined])
  })

  it.each([
    ['store/files.ts', `import { newEnvelope } from '../seal/index.js'`],
    ['store/files.ts', `import { type SealedStream } from '../seal/index.js'`],
    ['store/files.ts', `import '../seal/index.js'`],
    ['store/files.ts', `import * as seal from '../seal/index.js'`],
    ['store/files.ts', `export { newEnvelope } from '../seal/index.js'`],
    ['store/files.ts', `const seal = await import('../seal/index.js')`],
    ['store/files.ts', `const seal = await import(name)`],
    ['store/files.ts', `import type { PrivateKey } from '../seal/keys.js'`],
    ['store/files.ts', `type A = import('../seal/keys.js').PrivateKey`],
    ['store/s3/put.ts', `import { Site } from '../../config/index.js'`],
    ['store/files.ts', `import type { App } from '../http/index.js'`],
    ['store/files.ts', `import type { Gateway } from '../gateway.js'`],
    ['store/files.ts', `import { version } from '../../package.js'`],
    ['gateway.ts', `import { openFiles } from './store/files.js'`],
    ['http/upload.ts', `import type { Row } from '../ledger/events.js'`],
    ['http/app.ts', `import { openSite } from '../cli/site/site.js'`],
    ['http/app.ts', `import type { Rooms } from '../gateway/rooms.js'`],
    ['running/work.ts', `import type { Gateway } from '../gateway.js'`],
    ['transfer.ts', `import { receiveForm } from './doors/form/index.js'`],
    ['doors/stow/body.ts', `import type { Metrics } from '../../http/metrics.js'`],
    ['running/work.ts', `import { createMetrics } from '../http/metrics.js'`],
    ['cli/audit/prune.ts', `import { keepingRoutes } from '../../http/routes/keeping.js'`],
    ['lib/errors.ts', `import type { Role } from '../directory/index.js'`],
    ['helper.ts', `import { openStore } from './store/index.js'`],
    ['dicom/walk.ts', `import type { Site } from '../config/index.js'`],
    ['store/files.ts', `import { attributeOf } from '../dicom/dictionary/dictionary.js'`],
    ['transfer.ts', `import type { App } from './http/index.js'`],
    ['http/app.ts', `import { createGateway } from '../gateway.js'`],
    ['http/app.ts', `import type { Command } from '../cli/command.js'`],
    ['web/pages/verify.ts', `import { verifyExport } from '../../ledger/verify/index.js'`],
    ['gateway.ts', `import { page } from './web/page.js'`],
  ])('forbid %s to write %s', (file, text) => {
    expect(faultsOf(file, text)).toEqual([expect.any(String)])
  })
})
