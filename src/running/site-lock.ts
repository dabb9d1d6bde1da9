/**
 * Allows one gateway per site folder if its database is a file: a second gateway would mistake the
 * first one's uploads for leftovers. The lock is the operating system's, held through an SQLite
 * file that stays empty. It ends with the process, however that ends, and does not depend on
 * process IDs, which are reused after a reboot and in every container.
 */
import { join } from 'node:path'
import { NocturneError, systemCode } from '../lib/errors.js'

/**
 * @returns a function that releases the lock.
 * @throws NocturneError `site_in_use`, `file_unreadable`
 */
export async function lockSite(dir: string): Promise<() => Promise<void>> {
  // A site on PostgreSQL never gets here and need not load it.
  const { default: Database } = await import('better-sqlite3')
  try {
    const lock = new Database(join(dir, 'data', 'gateway.lock'), { timeout: 0 })
    try {
      lock.exec('begin exclusive')
    } catch (error) {
      lock.close()
      throw error
    }
    return () => Promise.resolve(void lock.close())
  } catch (cause) {
    const isHeld = systemCode(cause)?.startsWith('SQLITE_BUSY') === true
    throw new NocturneError(isHeld ? 'site_in_use' : 'file_unreadable', { cause })
  }
}
