import { describe, expect, it } from '@jest/globals'
import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { COMPUTED, importsIn, importsOf, sourceFiles } from './_imports.js'
import type { ImportOf } from './_imports.js'

const root = fileURLToPath(new URL('../src', import.meta.url))

/** Who may put rooms together: these files right under src, and these folders. */
const JOINER_FILES = ['transfer.ts', 'gathering.ts', 'arrivals.ts', 'gateway.ts', 'rooms.ts']
const JOINER_FOLDERS = ['officer', 'http', 'doors', 'running', 'cli', 'web']

/** What every room stands on. */
const GROUND = ['lib', 'dicom', 'pixels', 'protocol']

/** What a browser runs as well, so that nothing it imports may be a Node module. */
const RUNS_IN_BROWSERS =
  /^(?:protocol\/.*|seal\/(?:open|browser)|ledger\/browser|ledger\/verify\/verify|web\/pages\/)[^/]*\.ts$/

/** What others may import of a room; the second is for pages, and has no Node module behind it. */
const FACES = ['index.ts', 'browser.ts']

/** `lib`, a room's or a joining folder's name; the file itself right under src. */
const placeOf = (file: string): string => file.split('/')[0] ?? file
const isJoiner = (place: string): boolean =>
  JOINER_FILES.includes(place) || JOINER_FOLDERS.includes(place)

/** What is wrong with an import, or undefined. */
function faultOf({ from, to, specifier, isTypeOnly }: ImportOf): string | undefined {
  if (specifier === COMPUTED) return 'is computed, so nobody can check it'
  if (to === undefined) return undefined
  if (to.startsWith('..')) return 'leaves src'
  const [here, there] = [placeOf(from), placeOf(to)]
  if (here === there) return undefined
  if (here === 'lib') return 'lib imports nothing of ours'
  if (GROUND.includes(here))
    return GROUND.includes(there) ? undefined : 'the ground imports nothing of the rooms'
  if (GROUND.includes(there)) return undefined
  if (!isJoiner(there) && !FACES.some((face) => to === `${there}/${face}`))
    return `reaches behind ${there}/index.ts`
  if (isJoiner(here)) return undefined
  if (isJoiner(there)) return 'a room knows nothing of who puts rooms together'
  return isTypeOnly
    ? undefined
    : 'a room imports types of other rooms, and takes functions as arguments'
}

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

/** Everything that some files load, and what that loads. */
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
  it('keep to the rooms', async () => {
    const imports = [...(await allImports()).values()].flat()
    expect(imports.length).toBeGreaterThan(0)
    const faults = imports.flatMap((one) => {
      const fault = faultOf(one)
      return fault === undefined ? [] : [describeImport(one, fault)]
    })
    expect(faults).toEqual([])
  })

  it('leave opening and verifying free of Node modules, through everything they import', async () => {
    const imports = await allImports()
    const starts = [...imports.keys()].filter((file) => RUNS_IN_BROWSERS.test(file))
    expect(starts).toContain('seal/open.ts')
    expect(starts.some((file) => file.startsWith('ledger/verify/'))).toBe(true)
    const faults = loadedBy(starts, imports)
      .filter((one) => one.to === undefined && isBuiltin(one.specifier))
      .map((one) => describeImport(one, 'is a Node module'))
    expect(faults).toEqual([])
  })

  it('start the command with one package, since a person waits for all that is loaded', async () => {
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
    ['lib/errors.ts', `import type { Role } from '../directory/index.js'`],
    ['helper.ts', `import { openStore } from './store/index.js'`],
  ])('forbid %s to write %s', (file, text) => {
    expect(faultsOf(file, text)).toEqual([expect.any(String)])
  })
})
