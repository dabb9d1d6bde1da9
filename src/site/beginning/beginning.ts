/**
 * Tells a site whose data is gone from a fresh one. A file next to the secrets says that a ledger
 * has begun; whoever loses the database and the published log together, for example with an
 * unmounted disk, still has it. An empty ledger would otherwise begin again and hide the loss.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NocturneError, systemCode } from '../../lib/errors.js'
import { randomName } from '../../lib/ids.js'

/** Holds the signed checkpoint of the first start, which shows which ledger it was. */
export const BEGUN_FILE = 'secrets/begun'

export interface Beginning {
  /**
   * @param size number of entries of the ledger
   * @throws NocturneError `data_missing` for an empty ledger of a site whose ledger has begun
   */
  expectData(size: number): Promise<void>
  /**
   * Called once the ledger has entries. A file system that does not allow it is no reason not to
   * start; the next start tries again.
   *
   * @returns the system's code of what prevented it
   */
  mark(checkpoint: string): Promise<string | undefined>
}

export function createBeginning(dir: string): Beginning {
  const path = join(dir, BEGUN_FILE)
  const isThere = () =>
    readFile(path).then(
      () => true,
      (error: unknown) => systemCode(error) !== 'ENOENT',
    )
  return {
    expectData: async (size) => {
      if (size === 0 && (await isThere())) throw new NocturneError('data_missing')
    },
    mark: async (checkpoint) => {
      if (await isThere()) return undefined
      const partial = `${path}.${randomName()}`
      try {
        await writeFile(partial, checkpoint, { mode: 0o600, flag: 'wx' })
        await rename(partial, path)
        return undefined
      } catch (error) {
        return systemCode(error) ?? 'unknown'
      }
    },
  }
}
