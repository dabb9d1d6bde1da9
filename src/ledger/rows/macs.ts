/** The MAC of a row: HMAC-SHA-256 over its table and the columns that decide something. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Tables } from '../../state/index.js'

/**
 * Columns under the MAC, in this order. A column that is added to a table and decides something
 * needs a new version of the derivation below.
 */
export const GUARDED = {
  certificates: ['principal', 'fingerprint', 'certificate', 'since', 'removed_at'],
  certificate_changes: ['principal', 'fingerprint', 'certificate', 'proposed_at'],
  gateway_keys: ['fingerprint', 'certificate', 'since', 'until'],
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
  /** The row with its MAC, to be written. */
  seal<T extends GuardedTable, R extends GuardedRow<T>>(table: T, row: R): R & { mac: string }
  /** Whether a gateway of this site wrote the row as it is. */
  isSealed<T extends GuardedTable>(table: T, row: SealedRow<T>): boolean
}

export type SealedRow<T extends GuardedTable> = GuardedRow<T> & { readonly mac: string | null }

/** @param siteSecret - any secret that all gateways of the site share and the database lacks */
export function createRowMacs(siteSecret: string | Uint8Array): RowMacs {
  const key = Buffer.from(hkdfSync('sha256', siteSecret, '', 'nocturne/rows/v1', 32))
  const macOf = (table: GuardedTable, row: object): string => {
    const values = GUARDED[table].map((column) => (row as Record<string, unknown>)[column])
    return createHmac('sha256', key)
      .update(JSON.stringify([table, ...values]))
      .digest('hex')
  }
  return {
    seal: (table, row) => ({ ...row, mac: macOf(table, row) }),
    isSealed: (table, row) => {
      const given = Buffer.from(row.mac ?? '')
      const expected = Buffer.from(macOf(table, row))
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}
