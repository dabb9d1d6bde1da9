/**
 * A backup of a site, consistent even while its gateway is running.
 *
 *   TO/objects/<key>.sealed sealed objects, as in the store: immutable, so each is copied once
 *   TO/<time>.backup.pgp a tar of everything else, sealed: configuration, keys, secrets, database
 *   (the file of SQLite, or the rows of PostgreSQL), published log
 *
 * The published log is frozen first and the database copied after it, so the log is never ahead;
 * objects are copied last, so every object that the database names is there unless it was deleted
 * in the meantime; copies of objects that have expired are removed. Of a log in a bucket only the
 * checkpoint is kept: what is restored is published anew. A backup that is killed leaves partial
 * files, which the next one ignores, and a sealed file appears under its name only when it is
 * complete.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { once as eventOf } from 'node:events'
import { chmod, copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { SiteConfig } from '../../config/index.js'
import { NocturneError } from '../../lib/errors.js'
import { randomName } from '../../lib/ids.js'
import { canonicalJson } from '../../lib/json.js'
import { tarOf } from '../../lib/tar.js'
import type { TarFile } from '../../lib/tar.js'
import type { Rooms } from '../../gateway/rooms.js'
import { copyRows } from '../../state/index.js'
import { newEnvelope } from '../../seal/index.js'
import { toRecipient } from '../../seal/keys/index.js'
import { CommandError } from '../command-error.js'
import { makeFolder, once, writeWhole } from '../local-write.js'
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

/** Where a restored site keeps what was in PostgreSQL or in a bucket. */
const RESTORED = { database: 'data/nocturne.db', store: 'data/objects' }

/**
 * @throws CommandError `usage` for files outside the site's folder, and errors of the disk, the
 * store, the database and the ledger
 */
export async function makeBackup(rooms: Rooms, to: string, now: Date): Promise<BackupReport> {
  const { config } = rooms.site
  const parts = partsOf(config)
  await makeFolder(join(to, 'objects'))
  await makeFolder(join(config.dir, 'data'))
  const work = join(config.dir, 'data', `.backup-${randomName()}`)
  await mkdir(work, { mode: 0o700 })
  try {
    const checkpoint = await rooms.ledger.checkpoint()
    if (parts.store !== undefined) await freeze(join(parts.store, 'log'), join(work, 'log'))
    else {
      await mkdir(join(work, 'log'), { mode: 0o700 })
      await writeWhole(join(work, 'log', 'checkpoint'), once(Buffer.from(checkpoint)))
    }
    if (parts.database !== undefined) await copyDatabase(parts.database, join(work, 'nocturne.db'))
    else await writeWhole(join(work, ROWS), linesOf(rooms))
    const objects = await copyObjects(rooms, join(to, 'objects'))
    const about = {
      format: 'nocturne-backup/v1',
      ...{ gateway: config.gateway.name, at: now.toISOString(), checkpoint },
      database: parts.database ? relative(config.dir, parts.database) : RESTORED.database,
      store: parts.store ? relative(config.dir, parts.store) : RESTORED.store,
      ...{ hasRows: parts.database === undefined, wasBucket: parts.store === undefined },
      objects: objects.names.map(({ name, size }) => ({ name, size })),
    }
    const file = join(to, `${now.toISOString().replace(/[:.]/g, '-')}.backup.pgp`)
    const files = filesOf(config, { ...about, work, about: canonicalJson(about) })
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

interface LocalParts {
  /** The file of SQLite; undefined for PostgreSQL. */
  readonly database: string | undefined
  /** The folder of objects; undefined for a bucket. */
  readonly store: string | undefined
}

/** @throws CommandError `usage` */
function partsOf({ dir, database, store }: SiteConfig): LocalParts {
  const parts = {
    database: database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : undefined,
    store: store.kind === 'files' ? store.path : undefined,
  }
  for (const one of [parts.database, parts.store])
    if (one !== undefined && relative(dir, one).startsWith('..'))
      throw new CommandError("the database or the store is outside the site's folder", {
        hint: "move them into the site's folder, or back them up with other tools",
      })
  return parts
}

/** Rows of PostgreSQL, as one consistent snapshot. Nothing waits in memory but the last lines. */
async function* linesOf({ state }: Pick<Rooms, 'state'>): AsyncGenerator<Uint8Array> {
  const lines = new PassThrough({ highWaterMark: 1 << 20 })
  const copying = copyRows(state.db, async (line) => {
    if (!lines.write(`${line}\n`)) await eventOf(lines, 'drain')
  }).then(
    () => lines.end(),
    (error: unknown) => lines.destroy(error as Error),
  )
  yield* lines as AsyncIterable<Buffer>
  await copying
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

/**
 * Objects are immutable, and a copy is complete under its name: of a bucket, what was copied before
 * is not asked for again.
 */
async function copyObjects({ store }: Pick<Rooms, 'store'>, to: string) {
  const names: { name: string; size: number }[] = []
  let copied = 0
  for await (const key of store.list('')) {
    const name = `${key}${SEALED}`
    const target = join(to, name)
    const known = await sizeOf(target)
    const size = store.kind === 's3' && known !== undefined ? known : await store.size(key)
    if (known !== size && size !== undefined) {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      if (!(await copyObject(store, key, target))) continue
      copied += 1
    }
    if (size !== undefined) names.push({ name, size })
  }
  return { names, copied }
}

/**
 * Returns false if it was deleted since it was listed: for example, a quarantined original that was
 * released or discarded.
 */
async function copyObject(store: Rooms['store'], key: string, target: string): Promise<boolean> {
  try {
    await writeWhole(target, await store.get(key))
    return true
  } catch (error) {
    if (error instanceof NocturneError && error.code === 'object_missing') return false
    throw error
  }
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
  /** Places in the site's folder. */
  readonly store: string
  readonly database: string
  readonly hasRows: boolean
  readonly about: string
}

/** The rows of PostgreSQL, in the tar. */
export const ROWS = 'database.ndjson'

async function* filesOf(config: SiteConfig, frozen: Frozen): AsyncGenerator<TarFile> {
  const about = Buffer.from(frozen.about)
  yield { name: 'backup.json', size: about.length, content: once(about) }
  for (const entry of await readdir(config.dir, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue
    const path = join(config.dir, entry.name)
    for (const file of entry.isDirectory() ? await filesBelow(path) : [path])
      yield await tarFile(file, relative(config.dir, file))
  }
  yield frozen.hasRows
    ? await tarFile(join(frozen.work, ROWS), ROWS)
    : await tarFile(join(frozen.work, 'nocturne.db'), frozen.database)
  const log = join(frozen.work, 'log')
  for (const file of await filesBelow(log))
    yield await tarFile(file, join(frozen.store, 'log', relative(log, file)))
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
  const message = envelope.seal(content, { isMeasured: false, isMessage: true })
  const counted = (async function* () {
    for await (const chunk of message.bytes) {
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
