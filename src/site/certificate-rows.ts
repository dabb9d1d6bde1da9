/**
 * The certificate rows that may be used. A row that is missing, or that no gateway of this site
 * wrote, is replaced by what the ledger names.
 */
import { createHash } from 'node:crypto'
import { SYSTEM } from '../lib/actors.js'
import type { EventInput } from '../ledger/log/index.js'
import type { RowGuard } from '../ledger/rows/index.js'
import type { State, Tx } from '../state/index.js'
import type { CertificateChangeTable, CertificateTable } from '../state/tables/index.js'

export type CertificateRow = Omit<CertificateTable, 'mac'>

export interface NamedCertificate {
  readonly principal: string
  readonly certificate: string
  readonly fingerprint: string
}

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
  const { rows, good, gone } = await guard.followed('certificates', {
    read: (): Promise<CertificateTable[]> =>
      state.db.selectFrom('certificates').selectAll().execute(),
    idOf: ({ principal }) => principal,
    contradicts,
    expected: () =>
      guard.history
        .principals()
        .filter((id) => id !== GATEWAY && guard.history.certificate(id)?.fingerprint),
  })
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

/**
 * Replaces rows that must not be used with what the ledger says; the next recorded change then
 * writes a valid row.
 */
export async function recordedCertificates(parts: RowParts): Promise<CertificateRow[]> {
  const { good, bad } = await guardedCertificates(parts)
  const named = bad.flatMap((principal): CertificateRow[] => {
    const fingerprint = parts.guard.history.certificate(principal)?.fingerprint
    const row = { principal, certificate: null, since: parts.now(), removed_at: null }
    return fingerprint == null ? [] : [{ ...row, fingerprint }]
  })
  return [...good, ...named]
}

/** Replaces what is recorded of the principal; nothing waits for confirmation after that. */
export async function putInEffect(
  tx: Tx,
  { guard, now }: Pick<RowParts, 'guard' | 'now'>,
  file: NamedCertificate,
): Promise<void> {
  const { principal } = file
  await tx.deleteFrom('certificate_changes').where('principal', '=', principal).execute()
  await tx.deleteFrom('certificates').where('principal', '=', principal).execute()
  const row = guard.seal('certificates', { ...file, since: now(), removed_at: null })
  await tx.insertInto('certificates').values(row).execute()
}

export const certificateEvent = (
  type: 'certificate.changed' | 'certificate.proposed',
  detail: NonNullable<EventInput['detail']>,
): EventInput => ({ type, outcome: 0, actor: SYSTEM, detail })
