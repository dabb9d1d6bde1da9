/**
 * Certificates in effect, and replacements awaiting confirmation. A changed file takes effect
 * automatically only if its primary key is unchanged, because that key signed the change. A file
 * with another primary key waits until the operator confirms it together with a signature of the
 * certificate's owner. So nobody can replace a reader's key undetected, not even someone with write
 * access to the site's files.
 */
import { writeChange } from '../protocol/change-statement.js'
import { NocturneError } from '../lib/errors.js'
import type { Actor } from '../ledger/log/index.js'
import { certificatesInFiles, recordCertificates } from './certificate-files.js'
import type { FileParts } from './certificate-files.js'
import {
  certificateEvent,
  guardedCertificates,
  guardedChanges,
  isNamedByLedger,
  putInEffect,
  recordedCertificates,
} from './certificate-rows.js'
import type { RowParts } from './certificate-rows.js'
import type { VerifyDetached } from '../seal/keys/index.js'
import type { Db, Tx } from '../state/index.js'

export interface Certificates {
  /**
   * The recorded certificate, which the directory uses in preference to the file. Null when the row
   * was changed outside the gateway and the file is not the certificate that the ledger names.
   */
  inEffect(principal: string): string | null | undefined
  /**
   * The certificates of these principals as recorded at this moment; null for one that was removed.
   * Those that are not recorded are left out.
   */
  recordedIn(db: Db | Tx, principals: readonly string[]): Promise<Map<string, string | null>>
  /** Loads changes confirmed by another process. */
  refresh(): Promise<void>
  /**
   * On start, compares the site's files with the recorded certificates; every difference becomes an
   * event.
   */
  record(): Promise<void>
  waiting(): Promise<WaitingCertificate[]>
  /**
   * The text for the owner to sign.
   * @throws NocturneError `certificate_not_waiting`
   */
  changeStatement(principal: string): Promise<string>
  /**
   * Puts a waiting certificate into effect. The operator confirms it here; the owner confirms it by
   * signing the statement, with either the old key or the new one because the old one may be lost.
   *
   * @throws NocturneError `certificate_not_waiting`, `certificate_not_confirmed`
   */
  confirm(principal: string, signature: string, operator: Actor): Promise<ConfirmedCertificate>
}

export interface ConfirmedCertificate {
  readonly fingerprint: string
  readonly signedWith: 'old' | 'new'
}

export interface CertificateParts extends FileParts {
  /** Whether the signature of the text is valid for the certificate today. */
  readonly verifyDetached: VerifyDetached
}

/** @throws NocturneError `database_unavailable` */
export async function createCertificates(parts: CertificateParts): Promise<Certificates> {
  let inEffect = await readCertificatesInEffect(parts)
  const refresh = async (): Promise<void> => {
    inEffect = await readCertificatesInEffect(parts)
  }
  return {
    inEffect: (principal) => inEffect.get(principal),
    recordedIn,
    refresh,
    record: async () => {
      await recordCertificates(parts)
      await refresh()
    },
    waiting: () => waitingCertificates(parts),
    changeStatement: (principal) => changeStatement(parts, principal),
    confirm: async (principal, signature, operator) => {
      const confirmed = await confirmCertificate(parts, principal, signature, operator)
      await refresh()
      return confirmed
    },
  }
}

async function readCertificatesInEffect(
  parts: CertificateParts,
): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>()
  const { good, bad } = await guardedCertificates(parts)
  for (const { principal, certificate, removed_at: removedAt } of good)
    if (certificate !== null && removedAt === null) found.set(principal, certificate)
  if (bad.length === 0) return found
  for (const file of await certificatesInFiles(parts))
    if (bad.includes(file.principal))
      found.set(file.principal, isNamedByLedger(parts.guard, file) ? file.certificate : null)
  return found
}

async function recordedIn(
  db: Db | Tx,
  principals: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await db
    .selectFrom('certificates')
    .select(['principal', 'certificate', 'removed_at'])
    .where('principal', 'in', principals)
    .execute()
  const found = new Map<string, string | null>()
  for (const { principal, certificate, removed_at: removedAt } of rows)
    if (removedAt !== null) found.set(principal, null)
    else if (certificate !== null) found.set(principal, certificate)
  return found
}

export interface WaitingCertificate {
  readonly principal: string
  readonly from: string
  /** Fingerprint of the waiting certificate. */
  readonly fingerprint: string
  readonly proposedAt: number
}

/** Replacement certificates that are not confirmed yet; the previous ones stay in effect. */
export async function waitingCertificates(parts: RowParts): Promise<WaitingCertificate[]> {
  const before = new Map(
    (await recordedCertificates(parts)).map(({ principal, fingerprint }) => [
      principal,
      fingerprint,
    ]),
  )
  return (await guardedChanges(parts)).flatMap((row) => {
    const { principal, fingerprint, proposed_at: proposedAt } = row
    const from = before.get(principal)
    return from === undefined ? [] : [{ principal, from, fingerprint, proposedAt }]
  })
}

async function changeStatement(parts: CertificateParts, principal: string): Promise<string> {
  const found = (await waitingCertificates(parts)).find((one) => one.principal === principal)
  if (!found) throw new NocturneError('certificate_not_waiting', { subject: principal })
  const { from, fingerprint: to } = found
  return writeChange({ gateway: parts.config.gateway.name, principal, from, to })
}

async function confirmCertificate(
  parts: CertificateParts,
  principal: string,
  signature: string,
  operator: Actor,
): Promise<ConfirmedCertificate> {
  const statement = await changeStatement(parts, principal)
  const isTheirs = (row: { readonly principal: string }) => row.principal === principal
  const old = (await recordedCertificates(parts)).find(isTheirs)
  const next = (await guardedChanges(parts)).find(isTheirs)
  // `gpg --detach-sign` signs the statement's file, which ends in a line feed.
  const isBy = async (certificate: string | null | undefined) =>
    certificate != null &&
    ((await parts.verifyDetached(statement, signature, certificate)) ||
      (await parts.verifyDetached(`${statement}\n`, signature, certificate)))
  const signedWith = (await isBy(old?.certificate))
    ? 'old'
    : (await isBy(next?.certificate))
      ? 'new'
      : undefined
  if (!old || !next || !signedWith)
    throw new NocturneError('certificate_not_confirmed', { subject: principal })
  const { fingerprint, certificate } = next
  await parts.ledger.record(async (tx) => {
    // The certificate must still be the one that was signed for: a restart in between may have
    // replaced it.
    const { numDeletedRows } = await tx
      .deleteFrom('certificate_changes')
      .where('principal', '=', principal)
      .where('fingerprint', '=', fingerprint)
      .executeTakeFirst()
    if (numDeletedRows !== 1n)
      throw new NocturneError('certificate_not_waiting', { subject: principal })
    await putInEffect(tx, parts, { principal, certificate, fingerprint })
    const detail = { principal, from: old.fingerprint, to: fingerprint, signedWith }
    return {
      value: undefined,
      events: [{ ...certificateEvent('certificate.changed', detail), actor: operator }],
    }
  })
  return { fingerprint, signedWith }
}
