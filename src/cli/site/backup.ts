/**
 * A backup of a site with SQLite and `store: files`, consistent even while its gateway is running.
 *
 *   TO/objects/<key> sealed objects, as in the store: immutable, so each is copied once
 *   TO/<time>.backup.pgp a tar of everything else, sealed: configuration, keys, secrets, database,
 *   published log
 *
 * The published log is frozen first and the database copied after it, so the log is never ahead;
 * objects are copied last, so every object that the database names is there unless it was deleted
 * in the meantime; copies of objects that have expired are removed. A backup that is killed leaves
 * partial files, which the next one ignores, and a sealed file appears under its name only when it
 * is complete.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { SiteConfig } from '../../config/index.js'
import { randomName } from '../../lib/ids.js'
import { canonicalJson } from '../../lib/json.js'
import { tarOf } from '../../lib/tar.js'
import type { TarFile } from '../../lib/tar.js'
import type { Rooms } from '../../gateway/rooms.js'
import { newEnvelope } from '../../seal/index.js'
import { toRecipient } from '../../seal/keys/index.js'
import { CommandError } from '../command-error.js'
import { makeFolder, writeWhole } from '../local-write.js'
import { readSmallText } from '../secret-file.js'
import { SITE_ACTOR } from './site.js'

export interface BackupReport {
  readonly file: string
  readonly sha256: string
  readonly bytes: number
  readonly objects: number
  /** Objects that were not yet in this folder. */
  readonly copied: number
  /** Copies of objects that have expired since, removed from this folder. */
  readonly removed: number
  /** Entries of the ledger. */
  readonly entries: number
}

/**
 * Excluded from the copied files: data is backed up separately, and demo files and keys that should
 * not stay are never backed up.
 */
const LEFT_OUT = new Set(['data', 'demo-keys', 'demo-tokens', 'recovery-key.asc'])

/**
 * @throws CommandError `usage` for a site that keeps its state elsewhere, and errors of the disk
 * and the ledger
 */
export async function makeBackup(rooms: Rooms, to: string, now: Date): Promise<BackupReport> {
  const { config } = rooms.site
  const { database, store } = localParts(config)
  await makeFolder(join(to, 'objects'))
  const work = join(config.dir, 'data', `.backup-${randomName()}`)
  await mkdir(work, { mode: 0o700 })
  try {
    const checkpoint = await rooms.ledger.checkpoint()
    await freeze(join(store, 'log'), join(work, 'log'))
    await copyDatabase(database, join(work, 'nocturne.db'))
    const objects = await copyObjects(store, join(to, 'objects'))
    const about = {
      format: 'nocturne-backup/v1',
      ...{ gateway: config.gateway.name, at: now.toISOString(), checkpoint },
      database: relative(config.dir, database),
      store: relative(config.dir, store),
      objects: objects.names.map(({ name, size }) => ({ name, size })),
    }
    const file = join(to, `${now.toISOString().replace(/[:.]/g, '-')}.backup.pgp`)
    const files = filesOf(config, { work, store, database, about: canonicalJson(about) })
    const { sha256, bytes } = await sealTo(config, file, tarOf(files))
    const entries = Number(checkpoint.split('\n')[1])
    await rooms.ledger.note({
      ...{ type: 'backup.made', outcome: 0, actor: SITE_ACTOR },
      detail: { digest: sha256, bytes, objects: objects.names.length, entries },
    })
    const { names, copied } = objects
    const removed = await removeExpired(rooms, join(to, 'objects'))
    return { file, sha256, bytes, objects: names.length, copied, removed, entries }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** @throws CommandError `usage` */
export function localParts({ dir, database, store }: SiteConfig): {
  readonly database: string
  readonly store: string
} {
  if (!database.startsWith('sqlite:') || store.kind !== 'files')
    throw new CommandError('this site keeps its state in PostgreSQL or S3', {
      hint: 'back these up with their own tools (pg_dump, versioning and replication of the bucket), the database first; also back up secrets/',
    })
  const path = database.slice('sqlite:'.length)
  if ([path, store.path].some((one) => relative(dir, one).startsWith('..')))
    throw new CommandError("the database or the store is outside the site's folder", {
      hint: "move them into the site's folder, or back them up with other tools",
    })
  return { database: path, store: store.path }
}

/**
 * Files of the log are linked or renamed into place, never modified: a hard link keeps the current
 * content.
 */
async function freeze(from: string, to: string): Promise<void> {
  for (const path of await filesBelow(from)) {
    const target = join(to, relative(from, path))
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await link(path, target).catch(() => copyFile(path, target))
  }
}

/** A transactionally consistent copy, even while others write. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(from, { fileMustExist: true })
  try {
    db.prepare('vacuum into ?').run(to)
  } finally {
    db.close()
  }
  await chmod(to, 0o600)
}

/** Objects are files with this ending. */
const SEALED = '.sealed'

async function copyObjects(store: string, to: string) {
  const names: { name: string; size: number }[] = []
  let copied = 0
  for (const path of await filesBelow(store)) {
    const name = relative(store, path).split(sep).join('/')
    if (name.startsWith('log/') || name.startsWith('.partial/') || !name.endsWith(SEALED)) continue
    // Deleted since it was listed: for example, a quarantined original that was released or
    // discarded.
    const size = await sizeOf(path)
    if (size === undefined) continue
    names.push({ name, size })
    const target = join(to, name)
    if ((await sizeOf(target)) === size) continue
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const partial = `${target}.${randomName()}.partial`
    await copyFile(path, partial)
    await rename(partial, target)
    copied += 1
  }
  return { names, copied }
}

/**
 * Copies expire with their originals. Copies of objects that the store has lost, or that somebody
 * deleted there, stay.
 */
async function removeExpired({ expiredObjects }: Rooms, folder: string): Promise<number> {
  const paths = new Map<string, string>()
  for (const path of await filesBelow(folder)) {
    const name = relative(folder, path).split(sep).join('/')
    if (name.endsWith(SEALED)) paths.set(name.slice(0, -SEALED.length), path)
  }
  const expired = await expiredObjects(Readable.from(paths.keys()))
  for (const key of expired) await rm(paths.get(key) ?? '', { force: true })
  return expired.length
}

interface Frozen {
  readonly work: string
  readonly store: string
  readonly database: string
  readonly about: string
}

async function* filesOf(config: SiteConfig, frozen: Frozen): AsyncGenerator<TarFile> {
  const about = Buffer.from(frozen.about)
  yield { name: 'backup.json', size: about.length, content: once(about) }
  for (const entry of await readdir(config.dir, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue
    const path = join(config.dir, entry.name)
    for (const file of entry.isDirectory() ? await filesBelow(path) : [path])
      yield await tarFile(file, relative(config.dir, file))
  }
  yield await tarFile(join(frozen.work, 'nocturne.db'), relative(config.dir, frozen.database))
  const log = join(frozen.work, 'log')
  for (const file of await filesBelow(log))
    yield await tarFile(file, join(relative(config.dir, frozen.store), 'log', relative(log, file)))
}

const tarFile = async (path: string, name: string): Promise<TarFile> => ({
  ...{ name: name.split(sep).join('/'), size: (await stat(path)).size },
  content: createReadStream(path) as AsyncIterable<Buffer>,
})

/**
 * Sealed to the configured certificate, otherwise to recovery: the key that can open everything
 * also opens the backup.
 */
async function sealTo(
  config: SiteConfig,
  file: string,
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const { certificate } = config.backup ?? {}
  const armored = certificate === undefined ? config.recovery : await readSmallText(certificate)
  const envelope = await newEnvelope([await toRecipient('backup', armored, new Date())], new Date())
  const hash = createHash('sha256')
  let bytes = 0
  const message = (async function* () {
    for (const { packet } of envelope.keyPackets) yield packet
    yield* envelope.seal(content, { isMeasured: false }).bytes
  })()
  const counted = (async function* () {
    for await (const chunk of message) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  })()
  try {
    await writeWhole(file, counted, { mayReplace: false })
  } finally {
    envelope.close()
  }
  return { sha256: hash.digest('hex'), bytes }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  )

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}
