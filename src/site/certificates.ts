/**
 * Certificates in effect, and replacements awaiting confirmation. A changed file takes effect
 * automatically only if its primary key is unchanged, because that key signed the change. A file
 * with another primary key waits until the operator confirms it together with a signature of the
 * certificate's owner. So nobody can replace a reader's key undetected, not even someone with write
 * access to the site's files.
 */
import { createHash } from 'node:crypto'
import type { SiteConfig } from '../config/index.js'
import { SYSTEM } from '../lib/actors.js'
import { writeChange } from '../protocol/change-statement.js'
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput, Ledger } from '../ledger/log/index.js'
import type { RowGuard } from '../ledger/rows/index.js'
import type { State, Tx } from '../state/index.js'
import { guardedCertificates, guardedChanges, isNamedByLedger } from './certificate-rows.js'
import type { CertificateRow, RowParts } from './certificate-rows.js'
import type { VerifyDetached } from '../seal/keys/index.js'

export interface Certificates {
  /**
   * The recorded certificate, which the directory uses in preference to the file. Null when the row
   * was changed outside the gateway and the file is not the certificate that the ledger names.
   */
  inEffect(principal: string): string | null | undefined
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

export interface CertificateParts {
  readonly config: Pick<SiteConfig, 'gateway' | 'facilities' | 'people' | 'recovery'>
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'record'>
  readonly guard: RowGuard
  readonly fingerprintOf: (certificate: string) => Promise<string>
  readonly isRevoked: (certificate: string) => Promise<boolean>
  /** Whether the signature of the text is valid for the certificate today. */
  readonly verifyDetached: VerifyDetached
  readonly now: () => number
}

/** @throws NocturneError `database_unavailable` */
export async function createCertificates(parts: CertificateParts): Promise<Certificates> {
  let inEffect = await readCertificatesInEffect(parts)
  const refresh = async (): Promise<void> => {
    inEffect = await readCertificatesInEffect(parts)
  }
  return {
    inEffect: (principal) => inEffect.get(principal),
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

interface Named {
  readonly principal: string
  readonly certificate: string
  readonly fingerprint: string
}

async function recordCertificates(parts: CertificateParts): Promise<void> {
  const files = await certificatesInFiles(parts)
  const recorded = await recordedCertificates(parts)
  const before = new Map(recorded.map((row) => [row.principal, row]))
  const waiting = await waitingCertificates(parts)
  const steps: Step[] = []
  for (const given of files) {
    const file = await withRevocation(parts, given, before.get(given.principal))
    const proposed = waiting.find(({ principal }) => principal === file.principal)?.fingerprint
    const step = compare(parts, file, before.get(file.principal), proposed)
    if (step) steps.push(step)
  }
  const present = new Set(files.map(({ principal }) => principal))
  for (const row of recorded)
    if (!present.has(row.principal) && row.removed_at === null) steps.push(remove(parts, row))
  for (const { event, apply } of steps)
    await parts.ledger.record(async (tx) => {
      await apply(tx)
      return { value: undefined, events: [event] }
    })
}

/**
 * Replaces rows that must not be used with what the ledger says; the next recorded change then
 * writes a valid row.
 */
async function recordedCertificates(parts: RowParts): Promise<CertificateRow[]> {
  const { good, bad } = await guardedCertificates(parts)
  const named = bad.flatMap((principal): CertificateRow[] => {
    const fingerprint = parts.guard.history.certificate(principal)?.fingerprint
    const row = { principal, certificate: null, since: parts.now(), removed_at: null }
    return fingerprint == null ? [] : [{ ...row, fingerprint }]
  })
  return [...good, ...named]
}

/** A file from before its owner revoked the key does not take the revocation back. */
async function withRevocation(
  { isRevoked }: CertificateParts,
  file: Named,
  row: CertificateRow | undefined,
): Promise<Named> {
  const certificate = row?.certificate
  if (certificate == null || row?.fingerprint !== file.fingerprint) return file
  const isTakenBack = (await isRevoked(certificate)) && !(await isRevoked(file.certificate))
  return isTakenBack ? { ...file, certificate } : file
}

interface Step {
  readonly event: EventInput
  readonly apply: (tx: Tx) => Promise<void>
}

function compare(
  parts: CertificateParts,
  file: Named,
  row: CertificateRow | undefined,
  proposed: string | undefined,
): Step | undefined {
  const { principal, certificate, fingerprint } = file
  const from = row?.removed_at === null ? row.fingerprint : null
  if (row && row.fingerprint !== fingerprint) {
    if (proposed === fingerprint) return undefined
    return {
      event: eventOf('certificate.proposed', { principal, from, to: fingerprint }),
      apply: (tx) => propose(tx, parts, file),
    }
  }
  if (row?.certificate === certificate && from !== null && proposed === undefined) return undefined
  return {
    event: eventOf('certificate.changed', {
      principal,
      from,
      to: fingerprint,
      certificate: createHash('sha256').update(certificate).digest('hex'),
    }),
    apply: (tx) => putInEffect(tx, parts, file),
  }
}

const remove = ({ guard, now }: CertificateParts, row: CertificateRow): Step => ({
  event: eventOf('certificate.changed', {
    principal: row.principal,
    from: row.fingerprint,
    to: null,
  }),
  // The fingerprint is kept: if the same ID returns with another key, that must be confirmed as
  // well.
  apply: async (tx) => {
    const { principal } = row
    const removed = guard.seal('certificates', { ...row, removed_at: now() })
    await tx.deleteFrom('certificates').where('principal', '=', principal).execute()
    await tx.insertInto('certificates').values(removed).execute()
    await tx.deleteFrom('certificate_changes').where('principal', '=', principal).execute()
  },
})

type Writing = Pick<CertificateParts, 'guard' | 'now'>

async function propose(tx: Tx, { guard, now }: Writing, file: Named): Promise<void> {
  await tx.deleteFrom('certificate_changes').where('principal', '=', file.principal).execute()
  const row = guard.seal('certificate_changes', { ...file, proposed_at: now() })
  await tx.insertInto('certificate_changes').values(row).execute()
}

async function putInEffect(tx: Tx, { guard, now }: Writing, file: Named): Promise<void> {
  const { principal } = file
  await tx.deleteFrom('certificate_changes').where('principal', '=', principal).execute()
  await tx.deleteFrom('certificates').where('principal', '=', principal).execute()
  const row = guard.seal('certificates', { ...file, since: now(), removed_at: null })
  await tx.insertInto('certificates').values(row).execute()
}

async function certificatesInFiles(parts: CertificateParts): Promise<Named[]> {
  const { facilities, people, recovery } = parts.config
  const all = [...facilities, ...people, { id: 'recovery', certificate: recovery }]
  return Promise.all(
    all.map(async ({ id, certificate }) => {
      const fingerprint = await parts.fingerprintOf(certificate)
      return { principal: id, certificate, fingerprint }
    }),
  )
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
  const isBy = async (certificate: string | null | undefined) =>
    certificate != null && (await parts.verifyDetached(statement, signature, certificate))
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
      events: [{ ...eventOf('certificate.changed', detail), actor: operator }],
    }
  })
  return { fingerprint, signedWith }
}

const eventOf = (
  type: 'certificate.changed' | 'certificate.proposed',
  detail: NonNullable<EventInput['detail']>,
): EventInput => ({ type, outcome: 0, actor: SYSTEM, detail })
