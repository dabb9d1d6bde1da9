/**
 * Which failures of a database mean what. Codes are SQLite's result codes, SQLSTATEs and Node's
 * system codes.
 */
import { NocturneError, systemCode } from '../lib/errors.js'

/**
 * Serialization failure and deadlock (SQLSTATE 40001, 40P01), or SQLite's lock held by another
 * process.
 */
export function isRetryable(error: unknown): boolean {
  const code = systemCode(error)
  return code === '40001' || code === '40P01' || code?.startsWith('SQLITE_BUSY') === true
}

/**
 * A row with that key is there already: SQLSTATE 23505, or SQLite's unique and primary key
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
 * When the database, not the statement, is to blame: `database_unusable` for what only a person
 * mends, `database_unavailable` for what may pass. Else the error as it is.
 */
export function asUnavailable(error: unknown): unknown {
  if (UNUSABLE.test(systemCode(error) ?? ''))
    return new NocturneError('database_unusable', { cause: error })
  return isUnavailable(error) ? new NocturneError('database_unavailable', { cause: error }) : error
}

function isUnavailable(error: unknown): boolean {
  const code = systemCode(error)
  if (code === undefined) return error instanceof Error && PG_WITHOUT_CODE.test(error.message)
  return SQLITE.test(code) || SQLSTATE.test(code) || SYSTEM.has(code)
}

/**
 * A wrong user, password or name of a PostgreSQL; a file that is no database, is broken, or that
 * this user may not touch.
 */
const UNUSABLE = /^(28...|3D000|SQLITE_(CANTOPEN|CORRUPT|NOTADB|PERM|AUTH)\w*)$/

/** Full, unreadable or unwritable for now; never a constraint or a mistake in SQL. */
const SQLITE = /^SQLITE_(FULL|IOERR|READONLY|NOMEM|PROTOCOL|LOCKED|INTERRUPT)/

/**
 * PostgreSQL's appendix A: connection, read-only server, timeouts in a transaction, resources, lock
 * timeout, intervention by the operator (with statement timeout), system and internal errors.
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

/** What pg and its pool say without a code. */
const PG_WITHOUT_CODE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|The server does not support SSL)/
