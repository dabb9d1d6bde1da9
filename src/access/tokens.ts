/**
 * Bearer tokens: 256 random bits after a prefix that secret scanners recognize. The database stores
 * only their SHA-256; with that much entropy a slow hash would add nothing.
 */
import { createHash, randomBytes } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { Actor, EventInput, Ledger, Receipt } from '../ledger/log/index.js'
import type { RowGuard } from '../ledger/rows/index.js'
import type { Db, State, Tx } from '../state/index.js'
import type { TokenTable } from '../state/tables/index.js'
import { createUseNotes } from './token-uses.js'

export interface TokenInfo {
  /** Public: identifies the token in the ledger and in lists, and when revoking it. */
  readonly id: string
  readonly principal: string
  readonly method: 'issued' | 'signature'
  /** Milliseconds since 1970, like the others. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt: number | undefined
  /** To a client certificate, with which it was shown; false also where that is not known. */
  readonly isBound: boolean
  /** Accurate to the minute. */
  readonly lastUsedAt: number | undefined
}

export interface NewToken {
  /** Shown only once; it cannot be retrieved later. */
  readonly token: string
  readonly id: string
  readonly principal: string
  readonly expiresAt: number
}

export interface IssuedToken extends NewToken {
  readonly receipt: Receipt
}

type MintInput = Pick<TokenInfo, 'principal' | 'method' | 'expiresAt'> & {
  readonly certificate?: string | undefined
}

export interface Tokens {
  /**
   * Issues a token for a machine or a script. The caller must ensure that the principal exists; a
   * token for one that does not is never accepted.
   *
   * @throws NocturneError `usage` unless `days` is a whole number from 1 to 366.
   */
  issue(
    principal: string,
    options: {
      readonly days: number
      readonly actor: Actor
      /** SHA-256 of a client certificate, without which the token is unknown (RFC 8705). */
      readonly certificate?: string
    },
  ): Promise<IssuedToken>
  /** Creates a token inside a transaction whose event the caller records. */
  mint(tx: Tx, token: MintInput): Promise<NewToken>
  /**
   * Undefined when the token is unknown, revoked, expired or bound to another client certificate;
   * these cannot be distinguished.
   */
  verify(token: string, certificate?: string): Promise<TokenInfo | undefined>
  /** Newest first. Tokens stay listed for 30 days after they expire. */
  list(): Promise<readonly TokenInfo[]>
  /**
   * Takes effect from the next request. Revoking a token again changes nothing but is recorded as
   * another event.
   *
   * @throws NocturneError `not_found`
   */
  revoke(id: string, actor: Actor): Promise<Receipt>
  /** Revokes every valid token of a principal, and returns how many there were. */
  revokeAll(principal: string, actor: Actor): Promise<number>
  /** Principals with a valid token. */
  holders(): Promise<readonly string[]>
  /** Resolves when no update of a last use is still being written. */
  close(): Promise<void>
}

const PREFIX = 'noct_'
/** 32 bytes in base64url without padding. */
const TOKEN = /^noct_[A-Za-z0-9_-]{43}$/
const DAY_MS = 86_400_000
const KEPT_AFTER_EXPIRY_MS = 30 * DAY_MS

/**
 * A token that is bound to a certificate is stored as the hash of both: who can write to the
 * database cannot unbind it.
 */
const hashOf = (token: string, certificate?: string): string =>
  createHash('sha256')
    .update(certificate === undefined ? token : `${token}|${certificate}`)
    .digest('hex')

export interface TokenParts {
  readonly state: State
  readonly ledger: Ledger
  readonly guard: RowGuard
  /** A session without a request for this long has ended. Issued tokens have no such end. */
  readonly sessionIdleMs?: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function createTokens(parts: TokenParts): Tokens {
  const { state, guard, now } = parts
  const uses = createUseNotes(state)
  return {
    mint: (tx, input) => mint(tx, parts, input),
    issue: (principal, input) => issue(parts, principal, input),

    async verify(token, certificate) {
      // A malformed token takes the same path as an unknown one.
      const known = TOKEN.test(token) ? token : ''
      const bound =
        certificate === undefined ? undefined : await currentRow(parts, hashOf(known, certificate))
      const row = bound ?? (await currentRow(parts, hashOf(known)))
      if (!row) return undefined
      uses.note(row, now())
      return infoOf(row, bound !== undefined)
    },

    async list() {
      const rows = await state.db
        .selectFrom('tokens')
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .execute()
      return (await guard.sift('tokens', rows, ({ id }) => id)).map((row) => infoOf(row))
    },

    revoke: (id, actor) => revoke(parts, id, actor),
    revokeAll: (principal, actor) => revokeAll(parts, principal, actor),
    holders: () => holders(parts),
    close: () => uses.settled(),
  }
}

const rowOf = (state: State, hash: string): Promise<TokenTable | undefined> =>
  state.db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst()

/** The row of a token, if it is currently valid and was written by this site. */
async function currentRow(
  { state, ledger, guard, sessionIdleMs = Infinity, now }: TokenParts,
  hash: string,
): Promise<TokenTable | undefined> {
  const row = await rowOf(state, hash)
  const time = now()
  if (row?.revoked_at !== null || row.expires_at <= time) return undefined
  if (row.method === 'signature' && time - (row.last_used_at ?? row.created_at) > sessionIdleMs)
    return undefined
  const isRevoked = await isRevokedInLedger(ledger, row.id)
  // A row that has just been revoked is not one that was restored by tampering.
  if (isRevoked && (await rowOf(state, hash))?.revoked_at !== null) return undefined
  const good = await guard.sift(
    'tokens',
    [row],
    ({ id }) => id,
    () => isRevoked,
  )
  return good[0]
}

async function isRevokedInLedger(ledger: Pick<Ledger, 'query'>, id: string): Promise<boolean> {
  const clauses = [[{ column: 'subject', isOneOf: [id] } as const]]
  const { rows } = await ledger.query({ types: ['token.revoked'], clauses, limit: 1 })
  return rows.length > 0
}

async function mint(
  tx: Tx,
  { guard, now }: Pick<TokenParts, 'guard' | 'now'>,
  { principal, method, expiresAt, certificate }: MintInput,
): Promise<NewToken> {
  const token = PREFIX + randomBytes(32).toString('base64url')
  const created = now()
  const id = newId(created)
  await tx
    .deleteFrom('tokens')
    .where('expires_at', '<', created - KEPT_AFTER_EXPIRY_MS)
    .execute()
  await tx
    .insertInto('tokens')
    .values({
      ...guard.seal('tokens', {
        ...{ id, hash: hashOf(token, certificate), principal, method },
        ...{ created_at: created, expires_at: expiresAt, revoked_at: null },
      }),
      last_used_at: null,
    })
    .execute()
  return { token, id, principal, expiresAt }
}

async function issue(
  parts: TokenParts,
  principal: string,
  { days, actor, certificate }: Parameters<Tokens['issue']>[1],
): ReturnType<Tokens['issue']> {
  const { ledger, now } = parts
  if (!Number.isInteger(days) || days < 1 || days > 366) throw new NocturneError('usage')
  const expiresAt = now() + days * DAY_MS
  const { value, receipts } = await ledger.record(async (tx) => {
    const token = await mint(tx, parts, { principal, method: 'issued', expiresAt, certificate })
    const detail = {
      ...{ principal, token: token.id, expiresAt: new Date(expiresAt).toISOString() },
      ...(certificate !== undefined && { certificate }),
    }
    return { value: token, events: [{ type: 'token.issued', outcome: 0, actor, detail }] }
  })
  return { ...value, receipt: receipts[0] }
}

async function revoke(parts: TokenParts, id: string, actor: Actor): Promise<Receipt> {
  const { receipts } = await parts.ledger.record(async (tx) => {
    const row = await tx.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new NocturneError('not_found')
    if (row.revoked_at === null) await setRevoked(tx, parts, row)
    return { value: undefined, events: [revokedEvent(row.principal, id, actor)] }
  })
  return receipts[0]
}

const validOf = (db: Db | Tx, principal: string, time: number) =>
  db
    .selectFrom('tokens')
    .selectAll()
    .where('principal', '=', principal)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', time)
    .execute()

async function revokeAll(parts: TokenParts, principal: string, actor: Actor): Promise<number> {
  const { state, ledger, now } = parts
  if ((await validOf(state.db, principal, now())).length === 0) return 0
  const { value } = await ledger.record(async (tx) => {
    const rows = await validOf(tx, principal, now())
    for (const row of rows) await setRevoked(tx, parts, row)
    const [first, ...rest] = rows.map(({ id }) => revokedEvent(principal, id, actor))
    // Revoked by somebody else in between: there is nothing to record.
    if (!first) throw new NocturneError('not_found')
    return { value: rows.length, events: [first, ...rest] }
  })
  return value
}

/** Whether work begun with the token must not take effect any more; expiry does not undo it. */
export async function isTokenRevoked(
  { db, ledger }: { readonly db: Db | Tx; readonly ledger: Pick<Ledger, 'query'> },
  id: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('tokens')
    .select('revoked_at')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.revoked_at !== null || (await isRevokedInLedger(ledger, id))
}

async function holders({ state, now }: TokenParts): Promise<readonly string[]> {
  const rows = await state.db
    .selectFrom('tokens')
    .select('principal')
    .distinct()
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now())
    .execute()
  return rows.map(({ principal }) => principal)
}

const revokedEvent = (principal: string, token: string, actor: Actor): EventInput => ({
  ...{ type: 'token.revoked', outcome: 0, actor },
  detail: { principal, token },
})

async function setRevoked(tx: Tx, { guard, now }: TokenParts, row: TokenTable): Promise<void> {
  const revoked = { ...row, revoked_at: now() }
  // Revoking must not give a valid MAC to a row that did not have one.
  const mac = guard.isSealed('tokens', row) ? guard.seal('tokens', revoked).mac : null
  await tx
    .updateTable('tokens')
    .set({ revoked_at: revoked.revoked_at, mac })
    .where('id', '=', row.id)
    .execute()
}

const infoOf = (row: TokenTable, isBound = false): TokenInfo => ({
  isBound,
  id: row.id,
  principal: row.principal,
  method: row.method,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at ?? undefined,
  lastUsedAt: row.last_used_at ?? undefined,
})
