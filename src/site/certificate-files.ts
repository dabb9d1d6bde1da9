/**
 * The certificates in the site's files, compared with those that are recorded. A changed file takes
 * effect automatically only if its primary key is unchanged; otherwise it becomes a proposal.
 */
import { createHash } from 'node:crypto'
import type { SiteConfig } from '../config/index.js'
import type { EventInput, Ledger } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import {
  certificateEvent,
  guardedChanges,
  putInEffect,
  recordedCertificates,
} from './certificate-rows.js'
import type { CertificateRow, NamedCertificate, RowParts } from './certificate-rows.js'

export interface FileParts extends RowParts {
  readonly config: Pick<SiteConfig, 'gateway' | 'facilities' | 'people' | 'recovery'>
  readonly ledger: Pick<Ledger, 'record'>
  readonly fingerprintOf: (certificate: string) => Promise<string>
  readonly isRevoked: (certificate: string) => Promise<boolean>
  /** Whether somebody else has confirmed it: an edge follows the ledger of its gateway. */
  readonly isVouched?: (file: NamedCertificate) => boolean
}

/** Every difference between the files and the records becomes an event. */
export async function recordCertificates(parts: FileParts): Promise<void> {
  const files = await certificatesInFiles(parts)
  const recorded = await recordedCertificates(parts)
  const before = new Map(recorded.map((row) => [row.principal, row]))
  const waiting = await guardedChanges(parts)
  const steps: Step[] = []
  for (const given of files) {
    const file = await withRevocation(parts, given, before.get(given.principal))
    const proposed = waiting.find(({ principal }) => principal === file.principal)?.fingerprint
    const step = compare(parts, file, before.get(file.principal), proposed)
    if (step) steps.push(step)
  }
  const present = new Set(files.map(({ principal }) => principal))
  for (const row of recorded)
    if (!present.has(row.principal) && row.removed_at === null)
      steps.push(removeCertificate(parts, row))
  for (const { event, apply } of steps)
    await parts.ledger.record(async (tx) => {
      await apply(tx)
      return { value: undefined, events: [event] }
    })
}

/** A file from before its owner revoked the key does not take the revocation back. */
async function withRevocation(
  { isRevoked }: FileParts,
  file: NamedCertificate,
  row: CertificateRow | undefined,
): Promise<NamedCertificate> {
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
  parts: FileParts,
  file: NamedCertificate,
  row: CertificateRow | undefined,
  proposed: string | undefined,
): Step | undefined {
  const { principal, certificate, fingerprint } = file
  const from = row?.removed_at === null ? row.fingerprint : null
  if (row && row.fingerprint !== fingerprint && parts.isVouched?.(file) !== true) {
    if (proposed === fingerprint) return undefined
    return {
      event: certificateEvent('certificate.proposed', { principal, from, to: fingerprint }),
      apply: (tx) => propose(tx, parts, file),
    }
  }
  if (row?.certificate === certificate && from !== null && proposed === undefined) return undefined
  return {
    event: certificateEvent('certificate.changed', {
      principal,
      from,
      to: fingerprint,
      certificate: createHash('sha256').update(certificate).digest('hex'),
    }),
    apply: (tx) => putInEffect(tx, parts, file),
  }
}

/** Also for a person whose enrolment ends. */
export const removeCertificate = (
  { guard, now }: Pick<FileParts, 'guard' | 'now'>,
  row: CertificateRow,
): Step => ({
  event: certificateEvent('certificate.changed', {
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

async function propose(tx: Tx, { guard, now }: FileParts, file: NamedCertificate): Promise<void> {
  await tx.deleteFrom('certificate_changes').where('principal', '=', file.principal).execute()
  const row = guard.seal('certificate_changes', { ...file, proposed_at: now() })
  await tx.insertInto('certificate_changes').values(row).execute()
}

export async function certificatesInFiles(parts: FileParts): Promise<NamedCertificate[]> {
  const { facilities, people, recovery } = parts.config
  const all = [...facilities, ...people, { id: 'recovery', certificate: recovery }]
  return Promise.all(
    all.map(async ({ id, certificate }) => {
      const fingerprint = await parts.fingerprintOf(certificate)
      return { principal: id, certificate, fingerprint }
    }),
  )
}
