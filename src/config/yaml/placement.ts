import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NocturneError, systemCode } from '../../lib/errors.js'
import { syncFolder } from '../files.js'
import { SITE_FILE } from '../site-file.js'

const PREFIX = '.nocturne-init-'

/**
 * Fills a new folder and renames it to `target`. If that exists already (an empty folder, a mounted
 * volume, the current folder), the content is moved into it instead, nocturne.yaml last: without
 * it, the rest is not a site.
 *
 * @throws NocturneError `site_exists` when one of `names` exists; or errors of `fill`, after which
 * nothing is left behind.
 */
export async function place(
  target: string,
  names: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const isThere = await exists(target)
  if (isThere)
    for (const name of names)
      if (await exists(join(target, name))) throw new NocturneError('site_exists')
  const parent = isThere ? target : dirname(target)
  if (!isThere) await mkdir(parent, { recursive: true })
  // In the same file system as its final place, and accessible only to its owner while it is being
  // filled.
  const folder = await mkdtemp(join(parent, PREFIX))
  try {
    await fill(folder)
    await syncFolder(folder)
    if (isThere) await moveIn(folder, target)
    else await takeName(folder, target)
    await syncFolder(parent)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A rename replaces an empty folder that was created in the meantime, and fails for any other. */
async function takeName(folder: string, target: string): Promise<void> {
  try {
    await rename(folder, target)
  } catch (error) {
    const isTaken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCode(error) ?? '')
    throw isTaken ? new NocturneError('site_exists') : error
  }
}

async function moveIn(folder: string, target: string): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted(
    (a, b) => Number(a.name === SITE_FILE) - Number(b.name === SITE_FILE),
  )
  const moved: string[] = []
  try {
    for (const entry of entries) {
      const to = join(target, entry.name)
      if (entry.isDirectory()) await takeName(join(folder, entry.name), to)
      else await moveFile(join(folder, entry.name), to)
      moved.push(to)
    }
    await syncFolder(target)
  } catch (error) {
    for (const path of moved) await rm(path, { recursive: true, force: true })
    throw systemCode(error) === 'EEXIST' ? new NocturneError('site_exists') : error
  }
}

/**
 * Unlike rename, never overwrites a file that another `init` has just written. The temporary name
 * is deleted with its folder.
 */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw error
    // Some network and FAT file systems have no hard links.
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
