/** The synthetic study made by scripts/make-study.mjs. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, run } from './_gateway.js'

/**
 * Makes a study in `dir`. The options are those of the script.
 *
 * @returns its files, in order.
 */
export async function makeStudy(dir: string, ...options: readonly string[]): Promise<string[]> {
  const made = await run(process.execPath, [join(ROOT, 'scripts/make-study.mjs'), dir, ...options])
  if (made.status !== 0) throw new Error(`make-study failed: ${made.stderr}`)
  const names = await readdir(dir, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
