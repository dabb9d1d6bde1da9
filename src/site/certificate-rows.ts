/**
 * The certificate rows that may be used. A row that is missing, or that no gateway of this site
 * wrote, is replaced by what the ledger names.
 */
import { createHash } from 'node:crypto'
import type { RowGuard } from '../ledger/rows/index.js'
import type { State } from '../state/index.js'
import type { CertificateChangeTable, CertificateTable } from '../state/tables/index.js'

export type CertificateRow = Omit<CertificateTable, 'mac'>

export interface RowParts {
  readonly state: Pick<State, 'db'>
  readonly guard: RowGuard
  readonly now: () => number
}

/**
 * @returns the valid rows, and the principals whose row is missing or must not be used
 */
export async function guardedCertificates({ state, guard }: Omit<RowParts, 'now'>): Promise<{
  readonly good: readonly CertificateTable[]
  readonly bad: readonly string[]
}> {
  const contradicts = ({ principal, fingerprint, removed_at: removedAt }: CertificateTable) => {
    const named = guard.history.certificate(principal)
    return named !== undefined && named.fingerprint !== (removedAt === null ? fingerprint : null)
  }
  const missing = (rows: readonly CertificateTable[]) => {
    const there = new Set(rows.map(({ principal }) => principal))
    return guard.history
      .principals()
      .filter(
        (id) => id !== GATEWAY && !there.has(id) && guard.history.certificate(id)?.fingerprint,
      )
  }
  const read = async () => {
    await guard.history.follow()
    return state.db.selectFrom('certificates').selectAll().execute()
  }
  let rows = await read()
  // Another process may have confirmed a certificate between the two reads.
  if (rows.some(contradicts) || missing(rows).length > 0) rows = await read()
  const good = await guard.sift('certificates', rows, ({ principal }) => principal, contradicts)
  const gone = missing(rows)
  await guard.missing('certificates', gone)
  const isGood = new Set(good.map(({ principal }) => principal))
  const bad = rows.map(({ principal }) => principal).filter((id) => !isGood.has(id))
  return { good, bad: [...bad, ...gone] }
}

/** Certificates awaiting confirmation. */
export async function guardedChanges({ state, guard }: Omit<RowParts, 'now'>) {
  const rows: CertificateChangeTable[] = await state.db
    .selectFrom('certificate_changes')
    .selectAll()
    .execute()
  return guard.sift('certificate_changes', rows, ({ principal }) => principal)
}

/** Events about the gateway's own key have this in place of a principal. */
const GATEWAY = 'gateway'

/**
 * Whether the file is the certificate that the newest event names; then it can be trusted like the
 * row.
 */
export function isNamedByLedger(
  guard: Pick<RowGuard, 'history'>,
  file: { readonly principal: string; readonly certificate: string; readonly fingerprint: string },
): boolean {
  const named = guard.history.certificate(file.principal)
  if (named?.fingerprint !== file.fingerprint) return false
  const digest = createHash('sha256').update(file.certificate).digest('hex')
  return named.digest === undefined || named.digest === digest
}
