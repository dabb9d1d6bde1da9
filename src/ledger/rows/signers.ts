/**
 * Rows that hold what somebody signed, with the certificate that verifies it: reports, critical
 * results and the answers to them, notes, feedback, handovers. Whoever receives one takes the
 * certificate from us, so a writer to the database could sign as anybody, with a key of their own.
 * Only certificates that the ledger has named for the signer are handed out.
 */
import { cached } from '../../lib/cached.js'
import type { RowGuard, SignedTable } from './guard.js'

interface SignedRow {
  readonly id: string
  /** Armored. */
  readonly certificate: string
}

export interface Signers {
  /**
   * Returns the rows whose certificate was in effect for their signer at some time, and raises an
   * alert for each of the others.
   *
   * @param signerOf - the principal who signed
   */
  sift<R extends SignedRow>(
    table: SignedTable,
    rows: readonly R[],
    signerOf: (row: R) => string,
  ): Promise<readonly R[]>
}

/** More than a site has people, with those of some years ago. */
const MOST_CERTIFICATES = 1_000
/** A certificate with many subkeys and signatures; longer ones are read each time. */
const LONGEST = 65_536

export function createSigners(parts: {
  readonly guard: Pick<RowGuard, 'history' | 'judged'>
  readonly fingerprintOf: (certificate: string) => Promise<string>
}): Signers {
  const { guard } = parts
  // Rows are read from the database, so anything may be in the place of a certificate.
  const fingerprintOf = cached(
    (certificate: string) => parts.fingerprintOf(certificate).catch(() => undefined),
    MOST_CERTIFICATES,
    LONGEST,
  )
  return {
    sift: async (table, rows, signerOf) => {
      const good: (typeof rows)[number][] = []
      if (rows.length > 0) await guard.history.follow()
      for (const row of rows) {
        const fingerprint = await fingerprintOf(row.certificate)
        const isNamed =
          fingerprint !== undefined && guard.history.wasNamed(signerOf(row), fingerprint)
        await guard.judged(table, row.id, isNamed ? undefined : 'signer')
        if (isNamed) good.push(row)
      }
      return good
    },
  }
}
