/**
 * Finds published files that a versioned bucket no longer shows as written, and the entries they
 * contain.
 */
import type { AlteredFile } from '../../store/index.js'
import type { Range } from '../verify/gaps.js'
import { KEPT } from './layout.js'
import type { VerifyReport } from '../log/contract.js'
import { TILE_WIDTH } from '../verify/merkle.js'
import { isPruned } from '../retention/pruned.js'

/**
 * Returns the first altered file that was not pruned, or undefined when there is none.
 *
 * @throws NocturneError `store_unavailable`
 */
export async function findAltered(
  files: { altered(): AsyncIterable<AlteredFile> },
  pruned: readonly Range[] = [],
): Promise<Required<Pick<VerifyReport, 'badIndex' | 'problem'>> | undefined> {
  for await (const { path, how } of files.altered()) {
    const badIndex = firstIndexOf(path)
    if (path.startsWith('tile/entries/') && isPruned(pruned, badIndex)) continue
    const what = how === 'hidden' ? 'is hidden by a delete marker' : 'is covered by another version'
    return { problem: `log/${path} ${what} in the bucket`, badIndex }
  }
  return undefined
}

/** For a tile or bundle, the first entry that it covers; for a checkpoint, the last one. */
function firstIndexOf(path: string): number {
  const [folder, level = '', ...groups] = path.split('/')
  if (folder === KEPT) return Math.max(0, Number(level) - 1)
  if (folder !== 'tile') return 0
  const n = Number(groups.join('').replace(/x/g, ''))
  return n * TILE_WIDTH ** (level === 'entries' ? 1 : Number(level) + 1)
}
