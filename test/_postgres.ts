/**
 * A real PostgreSQL for tests: a private server in a temporary folder, or a new database on the
 * server at NOCTURNE_TEST_POSTGRES_URL. The programs are in Debian's package `postgresql` (13 or
 * later).
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  access,
  chmod,
  chown,
  constants,
  copyFile,
  mkdtemp,
  readdir,
  rm,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

export interface TestPostgres {
  /** Includes the password. */
  readonly url: string
  stop(): Promise<void>
}

interface Account {
  readonly uid: number
  readonly gid: number
}

interface Programs {
  readonly folder: string
  /** The account for the server, which refuses to run as root. */
  readonly account: Account | undefined
}

const run = promisify(execFile)

const found: Programs | string = await findPrograms()

/** Why PostgreSQL is unavailable, for the titles of skipped tests; undefined if it is available. */
export const postgresMissing: string | undefined =
  process.env.NOCTURNE_TEST_POSTGRES_URL === undefined && typeof found === 'string'
    ? found
    : undefined

/**
 * Creates a new database for the caller.
 *
 * @throws Error when `postgresMissing` is set.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env.NOCTURNE_TEST_POSTGRES_URL
  if (given !== undefined) return freshDatabase(given)
  if (typeof found === 'string') throw new Error(found)
  return startServer(found)
}

async function freshDatabase(server: string): Promise<TestPostgres> {
  const name = `nocturne_test_${randomBytes(8).toString('hex')}`
  await query(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, stop: () => query(server, `drop database ${name} with (force)`) }
}

/** How a server is to be reached: with TLS, and by these lines of pg_hba.conf. */
export interface Secured {
  readonly certificate: string
  readonly key: string
  readonly hba: readonly string[]
}

/**
 * A server of its own with TLS. Its superuser logs in with SCRAM whatever the lines say.
 *
 * @throws Error when `postgresMissing` is set.
 */
export async function startSecuredPostgres(secured: Secured): Promise<TestPostgres> {
  if (typeof found === 'string') throw new Error(found)
  return startServer(found, secured)
}

/** Files of the server, owned by its account. */
async function settingsFor(
  dir: string,
  account: Account | undefined,
  { certificate, key, hba }: Secured,
): Promise<Readonly<Record<string, string>>> {
  const files = { cert: join(dir, 'server.pem'), key: join(dir, 'server.key') }
  await copyFile(certificate, files.cert)
  await copyFile(key, files.key)
  const hbaFile = join(dir, 'hba.conf')
  const own = ['local all all scram-sha-256', 'host all nocturne 127.0.0.1/32 scram-sha-256']
  await writeFile(hbaFile, [...hba, ...own, ''].join('\n'))
  for (const file of [files.cert, files.key, hbaFile]) {
    await chmod(file, 0o600)
    if (account) await chown(file, account.uid, account.gid)
  }
  return { ssl: 'on', ssl_cert_file: files.cert, ssl_key_file: files.key, hba_file: hbaFile }
}

async function startServer(
  { folder, account }: Programs,
  secured?: Secured,
): Promise<TestPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-postgres-'))
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(dir, 'password')
  await writeFile(passwordFile, password)
  if (account) {
    await chown(dir, account.uid, account.gid)
    await chown(passwordFile, account.uid, account.gid)
  }
  const data = join(dir, 'data')
  const user = 'nocturne'
  const inits = ['-D', data, '-U', user, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-N']
  await run(join(folder, 'initdb'), [...inits, '-E', 'UTF8', '--locale=C'], {
    cwd: dir,
    ...account,
  })
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: dir,
    shared_buffers: '32MB',
    max_connections: 60,
    ...(secured && (await settingsFor(dir, account, secured))),
  }
  const server = spawn(
    join(folder, 'postgres'),
    [
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { cwd: dir, stdio: 'ignore', ...account },
  )
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const killOnExit = () => void server.kill('SIGKILL')
  process.once('exit', killOnExit)
  const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
  await untilReady(url, () => server.exitCode !== null)
  return {
    url,
    stop: async () => {
      /** Fast shutdown: sessions are disconnected, and the data is written. */
      server.kill('SIGINT')
      await ended
      process.off('exit', killOnExit)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      await query(url, 'select 1')
      return
    } catch {
      if (hasEnded()) break
      await sleep(50)
    }
  }
  throw new Error('the test PostgreSQL does not start')
}

/** Runs one statement on a separate connection. */
export async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function findPrograms(): Promise<Programs | string> {
  const debian = '/usr/lib/postgresql'
  const versions = await readdir(debian).catch(() => [])
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a))
  const folders = [
    ...newestFirst.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  for (const folder of folders) {
    const both = ['initdb', 'postgres'].map((name) => access(join(folder, name), constants.X_OK))
    if ((await Promise.allSettled(both)).some(({ status }) => status === 'rejected')) continue
    if (process.getuid?.() !== 0) return { folder, account: undefined }
    const account = (await accountOf('postgres')) ?? (await accountOf('nobody'))
    return account ? { folder, account } : 'PostgreSQL does not run as root'
  }
  return 'PostgreSQL is not installed'
}

async function accountOf(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (option) => Number((await run('id', [option, name])).stdout)),
    )
    return uid === undefined || gid === undefined ? undefined : { uid, gid }
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
