/**
 * Removes what `pull` opened: every file below the folder of a transfer except its receipts, which
 * prove what was downloaded and hold no content.
 */
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../../lib/errors.js'
import { ID_PATTERN } from '../../../lib/id-pattern.js'
import { fileError } from '../../command-error.js'
import { syncFolder, writeError } from '../../local-write.js'

const RECEIPTS: ReadonlySet<string> = new Set(['receipt.tlog-proof', 'receipts.ndjson'])
/** Sealed files of `pull --serve`, by the process that can read them. */
const SERVING = /^\.serving-(\d{1,10})$/

export const servingFolder = (out: string): string => join(out, `.serving-${process.pid}`)

/** The transfers in a folder, complete or not. An absent folder holds none. */
export async function openedTransfers(out: string): Promise<readonly string[]> {
  return (await namesIn(out)).filter((name) => ID_PATTERN.test(name)).sort()
}

/**
 * Removes the opened files of one transfer.
 *
 * @returns whether there was anything to remove
 * @throws CommandError `file_unwritable`
 */
export async function wipeTransfer(out: string, id: string): Promise<boolean> {
  const folder = join(out, id)
  // A link could lead out of the folder, to files that nobody meant.
  if ((await lstat(folder)).isSymbolicLink()) return false
  const names = (await namesIn(folder)).filter((name) => !RECEIPTS.has(name))
  for (const name of names) await removed(join(folder, name))
  if (names.length > 0) await syncFolder(folder)
  return names.length > 0
}

/** Removes the sealed files of `pull --serve`; of a running one only with `all`. */
export async function wipeServing(out: string, all: boolean): Promise<number> {
  const found = (await namesIn(out)).filter((name) => {
    const pid = SERVING.exec(name)?.[1]
    return pid !== undefined && (all || !isRunning(Number(pid)))
  })
  for (const name of found) await removed(join(out, name))
  return found.length
}

const removed = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true }).catch((error: unknown) => {
    throw writeError(path, error)
  })

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw fileError(folder, error)
  })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
