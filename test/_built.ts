/** The command as built by `npm run build` in dist/, for tests that run what is shipped. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The inputs of a build, the same as in scripts/lib/setup.sh. */
const SOURCES = ['src', 'package.json', 'tsconfig.json', '.config', 'scripts/build.mjs']

let checked: string | undefined

/**
 * Returns the path of dist/cli/main.js, checked once per test file.
 *
 * @throws Error when there is no build, or a source was changed since: the tests would run outdated
 *   code.
 */
export function builtCommand(folder = root): string {
  if (folder === root && checked !== undefined) return checked
  const built = modifiedAt(join(folder, 'dist/.built'))
  if (built === undefined) throw new Error('dist/ holds no build: run `npm run build`')
  const newer = SOURCES.flatMap((name) => filesAt(folder, name)).find(
    (path) => (modifiedAt(join(folder, path)) ?? 0) > built,
  )
  if (newer !== undefined)
    throw new Error(`dist/ is older than ${newer}: run \`npm run build\`, then the tests again`)
  const main = join(folder, 'dist/cli/main.js')
  if (folder === root) checked = main
  return main
}

const modifiedAt = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.mtimeMs

function filesAt(folder: string, name: string): readonly string[] {
  if (statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() !== true) return [name]
  return readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length)
        .replace(/^[\\/]/, ''),
    )
}
