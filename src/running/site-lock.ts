/**
 * One gateway a site folder, when its database is a file: a second one would take the first one's
 * uploads for left-overs. The lock is the operating system's, held through an SQLite file that
 * stays empty: it ends with the process, however that ends, and does not depend on process ids,
 * which come back after a reboot and in every container.
 */
import { join } from 'node:path'
import { NocturneError, systemCode } from '../lib/errors.js'

/** Answers the function that unlocks. @throws NocturneError `site_in_use`, `file_unreadable` */
export async function lockSite(dir: string): Promise<() => Promise<void>> {
  // A site on PostgreSQL never comes here, and need not load it.
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
