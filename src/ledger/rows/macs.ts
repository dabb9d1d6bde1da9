/** The MAC of a row: HMAC-SHA-256 over its table and the columns that affect decisions. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Tables } from '../../state/index.js'

/**
 * The columns covered by the MAC, in this order. When a table gets another column that affects
 * decisions, increment the version in the derivation below.
 */
export const GUARDED = {
  certificates: ['principal', 'fingerprint', 'certificate', 'since', 'removed_at'],
  certificate_changes: ['principal', 'fingerprint', 'certificate', 'proposed_at'],
  gateway_keys: ['fingerprint', 'certificate', 'since', 'until'],
  invitations: [
    ...(['id', 'principal', 'role', 'groups', 'facility', 'email', 'secret'] as const),
    ...(['created_at', 'created_by', 'expires_at', 'state'] as const),
    ...(['certificate', 'fingerprint'] as const),
  ],
  enrolled: [
    ...(['principal', 'role', 'groups', 'facility', 'email'] as const),
    ...(['certificate', 'fingerprint', 'invitation', 'since'] as const),
  ],
  register_entries: [
    ...(['id', 'kind', 'subject', 'data', 'until'] as const),
    ...(['created_at', 'created_by', 'ended_at'] as const),
  ],
  tokens: [
    ...(['id', 'hash', 'principal', 'method'] as const),
    ...(['created_at', 'expires_at', 'revoked_at'] as const),
  ],
} as const satisfies { readonly [T in keyof Tables]?: readonly (keyof Tables[T])[] }

export type GuardedTable = keyof typeof GUARDED
export type GuardedRow<T extends GuardedTable> = Pick<
  Tables[T],
  (typeof GUARDED)[T][number] & keyof Tables[T]
>

export interface RowMacs {
  /** Returns the row with its MAC, ready to be written. */
  seal<T extends GuardedTable, R extends GuardedRow<T>>(table: T, row: R): R & { mac: string }
  /** A name for the text that only a gateway of this site can foretell. */
  tag(text: string): string
  /** Whether a gateway of this site wrote the row exactly as it is. */
  isSealed<T extends GuardedTable>(table: T, row: SealedRow<T>): boolean
}

export type SealedRow<T extends GuardedTable> = GuardedRow<T> & { readonly mac: string | null }

/**
 * @param siteSecret any secret shared by all gateways of the site and not stored in the database
 */
export function createRowMacs(siteSecret: string | Uint8Array): RowMacs {
  const key = Buffer.from(hkdfSync('sha256', siteSecret, '', 'nocturne/rows/v1', 32))
  const macOf = (table: GuardedTable, row: object): string => {
    const values = GUARDED[table].map((column) => (row as Record<string, unknown>)[column])
    return createHmac('sha256', key)
      .update(JSON.stringify([table, ...values]))
      .digest('hex')
  }
  return {
    tag: (text) =>
      createHmac('sha256', key)
        .update(JSON.stringify(['tag', text]))
        .digest('hex'),
    seal: (table, row) => ({ ...row, mac: macOf(table, row) }),
    isSealed: (table, row) => {
      const given = Buffer.from(row.mac ?? '')
      const expected = Buffer.from(macOf(table, row))
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}
