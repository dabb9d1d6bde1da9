/** The rules of the floor plan, for any tree of sources. */
import { isBuiltin } from 'node:module'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { circlesIn, COMPUTED, faceOf, importsOf, sourceFiles } from './_imports.js'
import type { ImportOf } from './_imports.js'

/** The ground: everything above may import it. */
const GROUND = ['lib', 'dicom', 'pixels', 'protocol']
/** Parts of the ground in which every file is its own small face. */
const WITHOUT_FACE = ['lib', 'protocol']
/** The two main paths. */
const PATHS = ['transfer.ts', 'gathering.ts', 'arrivals.ts', 'reply.ts']
/** The interfaces to the outside: HTTP, doors, background jobs. */
const EDGES = ['http', 'doors', 'running']
/** The compositions. */
const COMPOSITIONS = ['gateway.ts', 'gateway', 'edge', 'witness.ts']

/** Code that also runs in browsers, so it must not import any Node module. */
const RUNS_IN_BROWSERS =
  /^(?:(?:dicom|pixels|protocol|reidentify|web\/pages)\/.*|(?:seal\/browser|seal\/open\/|ledger\/browser|ledger\/verify\/verify)[^/]*)\.tsx?$/
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
/** Packages that the command needs for every task. */
const AT_START = ['commander']

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
export function faultOf({ from, to, specifier, isTypeOnly }: ImportOf): string | undefined {
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

async function allImports(root: string): Promise<Map<string, ImportOf[]>> {
  const files = await sourceFiles(root)
  return new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, ImportOf[]]> => [
        file,
        await importsOf(root, file, files),
      ]),
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

/** Imports against the floor plan. */
export async function floorFaults(root: string): Promise<string[]> {
  const imports = [...(await allImports(root)).values()].flat()
  if (imports.length === 0) throw new Error(`no import under ${root}`)
  return imports.flatMap((one) => {
    const fault = faultOf(one)
    return fault === undefined ? [] : [describeImport(one, fault)]
  })
}

/** Cycles of files, type imports and dynamic imports included. */
export async function circleFaults(root: string): Promise<string[]> {
  const imports = await allImports(root)
  const graph = new Map(
    [...imports].map(([file, all]) => [file, all.flatMap(({ to }) => to ?? [])]),
  )
  return circlesIn(graph).map((files) => `a circle: ${files.join(' ')}`)
}

/** Files that browsers run as well. */
export const browserFiles = async (root: string): Promise<string[]> =>
  (await sourceFiles(root)).filter(
    (file) => RUNS_IN_BROWSERS.test(file) && !FOR_NODE.includes(file),
  )

/** Node modules that code for browsers loads, directly or indirectly. */
export async function browserFaults(root: string): Promise<string[]> {
  return loadedBy(await browserFiles(root), await allImports(root))
    .filter((one) => one.to === undefined && isBuiltin(one.specifier))
    .map((one) => describeImport(one, 'is a Node module'))
}

/** Packages that the command loads whatever it is asked to do: each makes its start slower. */
export async function startFaults(root: string): Promise<string[]> {
  const atOnce = new Map(
    [...(await allImports(root))].map(([file, all]) => [
      file,
      all.filter(({ isDynamic }) => !isDynamic),
    ]),
  )
  return loadedBy(['cli/main.ts'], atOnce)
    .filter(({ to, specifier }) => to === undefined && !isBuiltin(specifier))
    .filter(({ specifier }) => !AT_START.includes(specifier))
    .map((one) => describeImport(one, 'is loaded at every start of the command'))
}

/** Faces with too many names, or with anything but a header and re-exports. */
export async function faceFaults(root: string): Promise<string[]> {
  const faces = (await sourceFiles(root)).filter((file) => isFace(file) && !file.startsWith('web/'))
  const faults = await Promise.all(
    faces.map(async (file) => {
      const { names, others } = faceOf(await readFile(join(root, file), 'utf8'))
      const most = MOST_NAMES_OF[file] ?? MOST_NAMES
      if (names.length > most) return [`src/${file} has ${String(names.length)} names`]
      return others.map((text) => `src/${file} makes something itself: ${text}`)
    }),
  )
  return faults.flat()
}

/** Folders with too many files. */
export async function folderFaults(root: string): Promise<string[]> {
  const folders = new Map<string, number>()
  for (const file of await sourceFiles(root)) {
    const folder = dirname(file)
    folders.set(folder, (folders.get(folder) ?? 0) + 1)
  }
  return [...folders]
    .filter(([, count]) => count > MOST_FILES)
    .map(([folder, count]) => `src/${folder} has ${String(count)} files`)
}
