/** Classifies database failures. Codes are SQLite result codes, SQLSTATEs and Node system codes. */
import { NocturneError, systemCode } from '../lib/errors.js'
import { isUntrusted } from '../lib/peers.js'

/**
 * Serialization failure and deadlock (SQLSTATE 40001, 40P01), or SQLite's lock held by another
 * process.
 */
export function isRetryable(error: unknown): boolean {
  const code = systemCode(error)
  return code === '40001' || code === '40P01' || code?.startsWith('SQLITE_BUSY') === true
}

/**
 * Whether a row with that key already exists: SQLSTATE 23505, or SQLite's unique and primary key
 * constraints.
 */
export function isUniqueViolation(error: unknown): boolean {
  const code = systemCode(error)
  return (
    code === '23505' ||
    code === 'SQLITE_CONSTRAINT_UNIQUE' ||
    code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  )
}

/**
 * Maps failures of the database itself (not of the statement): `database_unusable` when a person
 * has to correct something, `database_unavailable` when it may pass. Returns any other error
 * unchanged.
 */
export function asUnavailable(error: unknown): unknown {
  const code = systemCode(error)
  if (isUntrusted(code) || (error instanceof Error && error.message.startsWith(NO_TLS)))
    return new NocturneError('database_untrusted', { cause: error })
  if (UNUSABLE.test(code ?? '')) return new NocturneError('database_unusable', { cause: error })
  return isUnavailable(error) ? new NocturneError('database_unavailable', { cause: error }) : error
}

function isUnavailable(error: unknown): boolean {
  const code = systemCode(error)
  if (code === undefined) return error instanceof Error && PG_WITHOUT_CODE.test(error.message)
  return SQLITE.test(code) || SQLSTATE.test(code) || SYSTEM.has(code)
}

/** pg has no code for it. */
const NO_TLS = 'The server does not support SSL connections'

/**
 * PostgreSQL: wrong user, password or database name. SQLite: a file that is not a database, is
 * damaged, or that this user may not access.
 */
const UNUSABLE = /^(28...|3D000|SQLITE_(CANTOPEN|CORRUPT|NOTADB|PERM|AUTH)\w*)$/

/**
 * The disk is full, or the file is temporarily unreadable or read-only. Never a constraint or an
 * error in the SQL.
 */
const SQLITE = /^SQLITE_(FULL|IOERR|READONLY|NOMEM|PROTOCOL|LOCKED|INTERRUPT)/

/**
 * PostgreSQL manual, appendix A: connection, read-only server, timeouts in a transaction,
 * resources, lock timeout, operator intervention (including statement timeout), system and internal
 * errors.
 */
const SQLSTATE = /^(08...|25006|25P03|25P04|53...|55P03|57...|58...|XX...)$/

const SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EACCES',
  'ENOENT',
  'EROFS',
  'ENOSPC',
])

/** Error messages that pg and its pool give without a code. */
const PG_WITHOUT_CODE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/
