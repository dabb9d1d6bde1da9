/**
 * How a connection to PostgreSQL is secured. Beyond this machine: TLS with a verified certificate
 * and host name, and SCRAM, which proves the server's knowledge of the password as well as ours
 * (RFC 5802). A server that accepts less is refused before anything is read or written.
 */
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { NocturneError } from '../lib/errors.js'
import { isDatabaseHere, weaknessOfDatabase } from '../lib/peers.js'

export interface SecureTarget {
  /** Without the parameters about TLS, which pg would read in its own, laxer way. */
  readonly connectionString: string
  readonly ssl: ConnectionOptions | false
  readonly Client: typeof pg.Client
}

/** Parameters of libpq about TLS (PostgreSQL manual, section 34.1.2). */
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const
const TAKEN = ['sslmode', ...Object.keys(FILES)]

/**
 * @throws NocturneError `database_unusable` when a named file cannot be read; `site_invalid` for
 *   parameters that would weaken the connection
 */
export async function secureTarget(address: string): Promise<SecureTarget> {
  const url = new URL(address)
  if (weaknessOfDatabase(url) !== undefined)
    throw new NocturneError('site_invalid', { subject: 'database' })
  const isLocal = isDatabaseHere(url)
  const wantsTls = !isLocal || url.searchParams.get('sslmode') === 'verify-full'
  const files: Partial<Record<'ca' | 'cert' | 'key', Buffer>> = {}
  for (const [name, option] of Object.entries(FILES)) {
    const path = url.searchParams.get(name)
    if (path !== null && wantsTls) files[option] = await read(path)
  }
  for (const name of TAKEN) url.searchParams.delete(name)
  return {
    connectionString: url.href,
    ssl: wantsTls && { ...files, minVersion: 'TLSv1.2', rejectUnauthorized: true },
    Client: isLocal ? pg.Client : ScramClient,
  }
}

const read = (path: string): Promise<Buffer> =>
  readFile(path).catch((cause: unknown) => {
    throw new NocturneError('database_unusable', { cause })
  })

/** The handlers of pg that a login passes through; not part of its types. */
type Handler = (this: pg.Client, message: unknown) => unknown
type Handlers = Readonly<Record<'_handleAuthSASLFinal' | '_handleReadyForQuery', Handler>>
const inherited = pg.Client.prototype as unknown as Handlers

/** Logs in with SCRAM, or not at all: never sends a password, or its MD5, to the server. */
class ScramClient extends pg.Client {
  #isProven = false

  _handleAuthCleartextPassword(): void {
    this.#refuse()
  }

  _handleAuthMD5Password(): void {
    this.#refuse()
  }

  /** Verifies the server's signature, or reports an error. */
  _handleAuthSASLFinal(message: unknown): void {
    this.#isProven = true
    inherited._handleAuthSASLFinal.call(this, message)
  }

  /** A server that asked for no password has proved nothing either. */
  _handleReadyForQuery(message: unknown): void {
    if (this.#isProven) inherited._handleReadyForQuery.call(this, message)
    else this.#refuse()
  }

  #refuse(): void {
    const { connection } = this as unknown as { connection: NodeJS.EventEmitter }
    connection.emit('error', new NocturneError('database_not_scram'))
  }
}
