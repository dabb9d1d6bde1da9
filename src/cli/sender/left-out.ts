import { EXIT } from '../command-error.js'
import { count } from '../format.js'
import type { Output } from '../output.js'
import { listFiles } from './files.js'
import type { LeftOut, LeftOutReason, Listed } from './files.js'

const WHY: Readonly<Record<LeftOutReason, string>> = {
  link: 'a link that is broken or leads out of the folder',
  hidden: 'hidden',
  system: 'a file of the operating system',
  special: 'not a file',
}

/** Named one by one up to here; `--json` names all. */
const MOST_NAMED = 50

/**
 * Lists the files under the paths, and names on standard error those that are left out. `missing`
 * counts those of them that may belong to the study: all except files of operating systems and,
 * with `skipsLinks`, links. It sets the exit status.
 *
 * @throws CommandError as `listFiles`
 */
export async function accountFor(
  paths: readonly string[],
  output: Output,
  options: { readonly skipsLinks: boolean } = { skipsLinks: false },
): Promise<Listed & { readonly missing: number }> {
  const listed = await listFiles(paths)
  return { ...listed, missing: tellLeftOut(output, listed.leftOut, options) }
}

function tellLeftOut(
  output: Output,
  leftOut: readonly LeftOut[],
  { skipsLinks }: { readonly skipsLinks: boolean },
): number {
  if (leftOut.length === 0) return 0
  const isAllowed = ({ why }: LeftOut) => why === 'system' || (why === 'link' && skipsLinks)
  const missing = leftOut.filter((one) => !isAllowed(one))
  output.warn(`${count(leftOut.length, 'name')} left out`)
  const named = [...missing, ...leftOut.filter(isAllowed)]
  for (const { path, why } of named.slice(0, MOST_NAMED)) output.warn(`  ${path}: ${WHY[why]}`)
  if (named.length > MOST_NAMED) output.warn(`  and ${String(named.length - MOST_NAMED)} more`)
  if (missing.some(({ why }) => why === 'link'))
    output.warn('name the targets of the links as well, or allow it with --skip-links')
  if (missing.some(({ why }) => why === 'hidden')) output.warn('name hidden files one by one')
  if (missing.length > 0) output.exitCode = EXIT.partial
  return missing.length
}
