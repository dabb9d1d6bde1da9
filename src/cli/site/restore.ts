/** Restores a site from a backup to a new folder; nothing is overwritten. */
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { publishAnew } from '../../ledger/published/index.js'
import { NocturneError } from '../../lib/errors.js'
import { randomName } from '../../lib/ids.js'
import { readTar } from '../../lib/tar.js'
import { loadRows, openState } from '../../state/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import { CommandError } from '../command-error.js'
import { once, writeWhole } from '../local-write.js'
import { ROWS } from './backup.js'
import { openSite, withRooms } from './site.js'

const ABOUT = z.looseObject({
  format: z.literal('nocturne-backup/v1'),
  gateway: z.string(),
  at: z.iso.datetime(),
  checkpoint: z.string(),
  store: z.string(),
  database: z.string(),
  /** The database was PostgreSQL: its rows are in the backup. */
  hasRows: z.optional(z.boolean()),
  /** The store was a bucket, whose log is not in the backup: it is published anew. */
  wasBucket: z.optional(z.boolean()),
  objects: z.array(
    z.looseObject({ name: z.string().regex(/^[a-z0-9]+(\/[a-z0-9-]+)*\.sealed$/), size: z.int() }),
  ),
})

export interface RestoreReport {
  readonly site: string
  readonly madeAt: string
  readonly objects: number
  /** Objects that the backup names but that are missing in its folder. */
  readonly missing: readonly string[]
  /** Ledger entries, recomputed from the restored data. */
  readonly entries: number
}

/**
 * The newest backup in a folder, or the file given.
 * @throws CommandError `file_unreadable`
 */
export async function newestBackup(path: string): Promise<string> {
  const names = await readdir(path).catch(() => undefined)
  if (names === undefined && (await isFile(path))) return path
  const newest = names
    ?.filter((name) => name.endsWith('.backup.pgp'))
    .sort()
    .at(-1)
  if (newest !== undefined) return join(path, newest)
  throw new CommandError(`${path} contains no backup`, {
    hint: 'give the folder that nocturne backup wrote to, or one of its *.backup.pgp files',
    code: 'file_unreadable',
  })
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  )

/**
 * Opens the backup, unpacks it next to the target, copies the objects, verifies the ledger against
 * the log that was published with it, and only then renames it to the target.
 *
 * @throws CommandError `file_exists` if the target exists, `backup_broken`, `not_sealed_to_key` for
 *   another key, `cannot_open` for an altered file; NocturneError `ledger_rolled_back`,
 *   `ledger_broken`
 */
export async function restoreBackup(
  file: string,
  key: PrivateKey,
  site: string,
  database?: string,
): Promise<RestoreReport> {
  const target = resolve(site)
  if (await isThere(target))
    throw new CommandError(`${site} already exists`, {
      hint: 'give a folder that does not exist: restore never overwrites',
      code: 'file_exists',
    })
  const work = join(dirname(target), `.restore-${randomName()}`)
  await mkdir(work, { recursive: true, mode: 0o700 })
  try {
    const about = await unpack(file, key, work)
    const from = join(dirname(resolve(file)), 'objects')
    const missing = await bringObjects(about, from, join(work, about.store))
    if (about.hasRows === true || about.wasBucket === true) await resettle(work, about, database)
    const entries = await verifyRestored(work, about)
    await rename(work, target)
    return { site: target, madeAt: about.at, objects: about.objects.length, missing, entries }
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw asRestoreError(file, error)
  }
}

async function unpack(file: string, key: PrivateKey, work: string): Promise<z.infer<typeof ABOUT>> {
  const content = openMessage(createReadStream(file) as AsyncIterable<Buffer>, [key], {
    ciphers: nodeCiphers,
  })
  let about: z.infer<typeof ABOUT> | undefined
  for await (const { name, content: bytes } of readTar(content)) {
    if (name === 'backup.json') {
      const chunks: Uint8Array[] = []
      for await (const chunk of bytes) chunks.push(chunk)
      const read = ABOUT.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      if (!read.success) throw new TypeError('backup.json has an unknown format')
      about = read.data
      continue
    }
    const path = join(work, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeWhole(path, bytes)
  }
  if (!about) throw new TypeError('no backup.json')
  return about
}

/**
 * What was in PostgreSQL goes into a file, or into the empty database at `database`; what was in a
 * bucket goes into a folder. The configuration of the restored site says so.
 */
async function resettle(
  work: string,
  about: z.infer<typeof ABOUT>,
  database: string | undefined,
): Promise<void> {
  const path = join(work, 'nocturne.yaml')
  const yaml = parseDocument(await readFile(path, 'utf8'))
  if (about.hasRows === true) yaml.set('database', database ?? `sqlite:${about.database}`)
  if (about.wasBucket === true) yaml.set('store', { kind: 'files', path: about.store })
  await writeWhole(path, once(Buffer.from(yaml.toString({ lineWidth: 0 }))))
  await mkdir(dirname(join(work, about.database)), { recursive: true, mode: 0o700 })
  const { config, secrets } = await openSite(work, restoredEnv())
  const password = secrets.databasePassword
  const options = password === undefined ? {} : { password }
  if (about.hasRows === true) {
    const lines = createInterface({ input: createReadStream(join(work, ROWS)) })
    await loadRows(config.database, lines, options)
    await rm(join(work, ROWS))
  }
  if (about.wasBucket === true) {
    const state = await openState(config.database, options)
    await publishAnew(state).finally(() => state.close())
  }
}

/**
 * The environment for a restored site: the variables of the running one, which name its database
 * and its store, would be taken for those of the restored one.
 */
export const restoredEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('NOCTURNE_DATABASE_PASSWORD')),
  )

async function bringObjects(
  { objects }: z.infer<typeof ABOUT>,
  from: string,
  store: string,
): Promise<readonly string[]> {
  const missing: string[] = []
  for (const { name, size } of objects) {
    const found = await stat(join(from, name)).catch(() => undefined)
    if (found?.size !== size) {
      missing.push(name)
      continue
    }
    const path = join(store, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await copyFile(join(from, name), path)
  }
  return missing
}

/**
 * Opening compares the database with the published log: an old database that was put back is
 * refused.
 */
const verifyRestored = (work: string, { wasBucket }: z.infer<typeof ABOUT>): Promise<number> =>
  withRooms(
    work,
    async ({ ledger, logFiles, publisher }) => {
      const report = await ledger.verify()
      if (!report.ok)
        throw new CommandError(`the restored ledger does not verify: ${report.problem ?? ''}`, {
          hint: 'try an earlier backup, and keep this one unchanged',
          code: 'ledger_broken',
        })
      if (wasBucket === true) {
        // It has served its purpose: without it, the whole log is published.
        await logFiles.remove('checkpoint')
        await publisher.publish()
      }
      return report.size
    },
    { env: restoredEnv() },
  )

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** The texts of a message that cannot be opened tell a reader what to do, not an operator. */
function asRestoreError(file: string, cause: unknown): unknown {
  const code = cause instanceof NocturneError ? cause.code : undefined
  if (code === 'not_sealed_to_key')
    return new CommandError(`${file} is not sealed to this key`, {
      hint: 'give the private key of backup.certificate, or of recovery if the site had none, as it was when the backup was made; nothing was written',
      ...{ code, cause },
    })
  if (code === 'cannot_open')
    return new CommandError(`${file} was altered or truncated`, {
      hint: 'copy it again, or try an earlier backup; nothing was written',
      ...{ code, cause },
    })
  if (!(cause instanceof TypeError)) return cause
  return new CommandError(`${file} is not a complete backup`, {
    hint: 'try an earlier backup; nothing was written',
    ...{ code: 'backup_broken', cause },
  })
}
