/**
 * Whether other users of this machine could change the site: whoever writes `nocturne.yaml` or a
 * certificate decides who can open studies.
 */
import { stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { SiteProblem } from './site-config.js'
import { resolvePath } from './files.js'
import { SITE_FILE } from './site-file.js'

export interface ModesReading {
  /** Writable by every user. */
  readonly problems: readonly SiteProblem[]
  /** Writable by a group: some sites are administered that way. */
  readonly warnings: readonly SiteProblem[]
}

/**
 * @param files - the certificates that the YAML names, as written there
 */
export async function checkModes(root: string, files: readonly string[]): Promise<ModesReading> {
  if (process.platform === 'win32') return { problems: [], warnings: [] }
  const paths = files.map((file) => resolvePath(root, file))
  const all = new Set([root, join(root, SITE_FILE), ...paths.map(dirname), ...paths])
  const problems: SiteProblem[] = []
  const warnings: SiteProblem[] = []
  for (const path of all) {
    // What is missing or unreadable is reported by its reader.
    const mode = await stat(path).then(
      (found) => found.mode,
      () => 0,
    )
    const one = (who: string): SiteProblem => ({
      path: relative(root, path) || root,
      problem: `can be changed by ${who} (mode ${(mode & 0o777).toString(8)})`,
      hint: `run: chmod go-w ${path}; then compare the certificates' fingerprints with their owners`,
    })
    if ((mode & 0o002) !== 0) problems.push(one('every user of this machine'))
    else if ((mode & 0o020) !== 0) warnings.push(one('the users of its group'))
  }
  return { problems, warnings }
}
