import { describe, expect, it } from '@jest/globals'
import { isBuiltin } from 'node:module'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { circlesIn, COMPUTED, faceOf, importsIn, importsOf, sourceFiles } from './_imports.js'
import type { ImportOf } from './_imports.js'

const root = fileURLToPath(new URL('../src', import.meta.url))

/** The ground: everything above may import it. */
const GROUND = ['lib', 'dicom', 'pixels', 'protocol']
/** Parts of the ground in which every file is its own small face. */
const WITHOUT_FACE = ['lib', 'protocol']
/** The two main paths. */
const PATHS = ['transfer.ts', 'gathering.ts', 'arrivals.ts', 'reply.ts']
/** The interfaces to the outside: HTTP, doors, background jobs. */
const EDGES = ['http', 'doors', 'running']
/** The compositions. */
const COMPOSITIONS = ['gateway.ts', 'gateway', 'witness.ts', 'edge', 'reader']

/** Code that also runs in browsers, so it must not import any Node module. */
const RUNS_IN_BROWSERS =
  /^(?:(?:dicom|pixels|protocol|reidentify|web\/pages)\/.*|(?:seal\/browser|seal\/open\/|ledger\/browser|ledger\/verify\/verify)[^/]*)\.ts$/
/** The Node half of a folder whose other half is used by pages. */
const FOR_NODE = ['seal/open/index.ts']

/** What others may import from a place. The second is for pages, and depends on no Node module. */
const FACES = ['index.ts', 'browser.ts']
/** Maximum number of names in a face; DICOM and pixels are libraries for all rooms. */
const MOST_NAMES = 15
const MOST_NAMES_OF: Readonly<Record<string, number>> = {
  'dicom/index.ts': 25,
  'pixels/index.ts': 25,
}
const MOST_FILES = 25

/** The name of the place: `lib`, a room, or a file directly under src. */
const placeOf = (file: string): string => file.split('/')[0] ?? file

/** Floors of the plan, from the ground up. Pages are separate. */
function floorOf(place: string): number {
  if (GROUND.includes(place)) return 0
  if (PATHS.includes(place)) return 2
  if (EDGES.includes(place)) return 3
  if (COMPOSITIONS.includes(place)) return 4
  if (place === 'cli') return 5
  return 1
}

const isFace = (file: string): boolean => FACES.some((face) => file.endsWith(`/${face}`))

/** The violation of an import, or undefined if there is none. */
function faultOf({ from, to, specifier, isTypeOnly }: ImportOf): string | undefined {
  if (specifier === COMPUTED) return 'is computed, so nothing can check it'
  if (to === undefined) return undefined
  if (to.startsWith('..')) return 'leaves src'
  const [here, there] = [placeOf(from), placeOf(to)]
  if (here === there) return undefined
  if (here === 'lib') return 'lib imports nothing of ours'
  if (here === 'web') return faultOfPage(to)
  if (there === 'web') return 'pages are served, not imported'
  const [own, other] = [floorOf(here), floorOf(there)]
  if (own < other) return 'an arrow upward'
  if (here === 'cli' && there === 'http') return 'the command is no HTTP server'
  if (own === 3 && there === 'http') return 'only HTTP itself knows HTTP'
  if (other < 2 && !WITHOUT_FACE.includes(there) && !isFace(to))
    return `reaches behind the face of ${there}`
  if (own === 1 && other === 1 && !isTypeOnly)
    return 'a room imports types of other rooms, and takes functions as arguments'
  return undefined
}

/** Pages run in browsers: they may import the ground and the faces made for them. */
const faultOfPage = (to: string): string | undefined =>
  GROUND.includes(placeOf(to)) || to.endsWith('/browser.ts')
    ? undefined
    : 'a page imports the ground and the faces of rooms for browsers'

const describeImport = ({ from, line, specifier }: ImportOf, fault: string): string =>
  `src/${from}:${line} imports ${specifier}: ${fault}`

const allImports = async (): Promise<Map<string, ImportOf[]>> => {
  const files = await sourceFiles(root)
  return new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, ImportOf[]]> => [file, await importsOf(root, file)]),
    ),
  )
}

/** Everything that the given files load, directly or indirectly. */
function loadedBy(
  starts: readonly string[],
  imports: ReadonlyMap<string, readonly ImportOf[]>,
): ImportOf[] {
  const loaded: ImportOf[] = []
  const seen = new Set<string>()
  const queue = [...starts]
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const one of imports.get(file) ?? []) {
      if (one.isTypeOnly) continue
      loaded.push(one)
      if (one.to !== undefined) queue.push(one.to)
    }
  }
  return loaded
}

describe('the imports in src', () => {
  it('respect the floor plan', async () => {
    const imports = [...(await allImports()).values()].flat()
    expect(imports.length).toBeGreaterThan(0)
    const faults = imports.flatMap((one) => {
      const fault = faultOf(one)
      return fault === undefined ? [] : [describeImport(one, fault)]
    })
    expect(faults).toEqual([])
  })

  it('form no cycle, including type imports', async () => {
    const imports = await allImports()
    const graph = new Map(
      [...imports].map(([file, all]) => [file, all.flatMap(({ to }) => to ?? [])]),
    )
    expect(circlesIn(graph)).toEqual([])
  })

  it('keep opening and verifying free of Node modules, including indirect imports', async () => {
    const imports = await allImports()
    const starts = [...imports.keys()].filter(
      (file) => RUNS_IN_BROWSERS.test(file) && !FOR_NODE.includes(file),
    )
    expect(starts).toContain('seal/open/open.ts')
    expect(starts.some((file) => file.startsWith('ledger/verify/'))).toBe(true)
    const faults = loadedBy(starts, imports)
      .filter((one) => one.to === undefined && isBuiltin(one.specifier))
      .map((one) => describeImport(one, 'is a Node module'))
    expect(faults).toEqual([])
  })

  it('load only one package at startup of the command, for a fast start', async () => {
    const imports = await allImports()
    const atOnce = new Map(
      [...imports].map(([file, all]) => [file, all.filter(({ isDynamic }) => !isDynamic)]),
    )
    const packages = loadedBy(['cli/main.ts'], atOnce)
      .filter((one) => one.to === undefined && !isBuiltin(one.specifier))
      .map(({ specifier }) => specifier)
    expect(new Set(packages)).toEqual(new Set(['commander']))
  })
})

describe('the places in src', () => {
  it('have faces with few names, made of a header and re-exports', async () => {
    const faces = (await sourceFiles(root)).filter(
      (file) => isFace(file) && !file.startsWith('web/'),
    )
    expect(faces.length).toBeGreaterThan(10)
    const faults = await Promise.all(
      faces.map(async (file) => {
        const { names, others } = faceOf(await readFile(join(root, file), 'utf8'))
        const most = MOST_NAMES_OF[file] ?? MOST_NAMES
        if (names.length > most) return [`src/${file} has ${String(names.length)} names`]
        return others.map((text) => `src/${file} makes something itself: ${text}`)
      }),
    )
    expect(faults.flat()).toEqual([])
  })

  it('keep their folders small', async () => {
    const folders = new Map<string, number>()
    for (const file of await sourceFiles(root)) {
      const folder = dirname(file)
      folders.set(folder, (folders.get(folder) ?? 0) + 1)
    }
    expect([...folders].filter(([, count]) => count > MOST_FILES)).toEqual([])
  })
})

describe('the rules', () => {
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
