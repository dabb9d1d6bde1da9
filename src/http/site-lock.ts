/**
 * One gateway a site folder, when its database is a file: a second one would take the first one's uploads for
 * left-overs. A file names the process; when that process is gone (a kill, a power cut) its lock is void.
 */
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { NocturneError, systemCode } from '../lib/errors.js'

/** Answers the function that unlocks. @throws NocturneError `site_in_use` */
export async function lockSite(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'data', 'gateway.pid')
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(`${process.pid}\n`)
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if (systemCode(error) !== 'EEXIST')
        throw new NocturneError('file_unreadable', { cause: error })
      if (await isHeld(path)) throw new NocturneError('site_in_use')
      await rm(path, { force: true })
    }
  }
  throw new NocturneError('site_in_use')
}

async function isHeld(path: string): Promise<boolean> {
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).trim())
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
