/**
 * Certificates that are in effect, and those that wait. A file that changed takes effect by itself only while its primary
 * key is the same, which signed the change. Another primary key waits until the operator confirms it with a
 * signature of its owner: nobody swaps a reader's key unseen, not even who can write the site's files.
 */
import { createHash } from 'node:crypto'
import { writeChange } from '../directory/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput } from '../ledger/index.js'
import type { Rooms } from '../rooms.js'
import { inspectCertificate, verifyDetached } from '../seal/index.js'
import type { CertificateTable, State, Tx } from '../state/index.js'

const SYSTEM: Actor = { id: 'system', role: 'system', method: 'site' }

/** What is recorded, by principal: for the directory, which prefers it to the files. */
export async function readCertificatesInEffect(
  state: Pick<State, 'db'>,
): Promise<Map<string, string>> {
  const rows = await state.db
    .selectFrom('certificates')
    .select(['principal', 'certificate'])
    .where('removed_at', 'is', null)
    .execute()
  return new Map(
    rows.flatMap(({ principal, certificate }) =>
      certificate === null ? [] : [[principal, certificate]],
    ),
  )
}

/** Takes over what another process confirmed. */
export async function refreshCertificates(rooms: Rooms): Promise<void> {
  const current = await readCertificatesInEffect(rooms.state)
  const { inEffect } = rooms
  for (const principal of inEffect.keys()) if (!current.has(principal)) inEffect.delete(principal)
  for (const [principal, certificate] of current) inEffect.set(principal, certificate)
}

interface Named {
  readonly principal: string
  readonly certificate: string
  readonly fingerprint: string
}

/** Compares the site's files with what is recorded, on start; every difference is an event. */
export async function recordCertificates(rooms: Rooms): Promise<void> {
  const files = await certificatesInFiles(rooms)
  const recorded = await rooms.state.db.selectFrom('certificates').selectAll().execute()
  const before = new Map(recorded.map((row) => [row.principal, row]))
  const waiting = await waitingCertificates(rooms)
  const steps: Step[] = []
  for (const file of files) {
    const proposed = waiting.find(({ principal }) => principal === file.principal)?.fingerprint
    const step = compare(rooms, file, before.get(file.principal), proposed)
    if (step) steps.push(step)
  }
  const present = new Set(files.map(({ principal }) => principal))
  for (const row of recorded)
    if (!present.has(row.principal) && row.removed_at === null) steps.push(remove(rooms, row))
  for (const { event, apply } of steps)
    await rooms.ledger.record(async (tx) => {
      await apply(tx)
      return { value: undefined, events: [event] }
    })
  await refreshCertificates(rooms)
}

interface Step {
  readonly event: EventInput
  readonly apply: (tx: Tx) => Promise<void>
}

function compare(
  rooms: Rooms,
  file: Named,
  row: CertificateTable | undefined,
  proposed: string | undefined,
): Step | undefined {
  const { principal, certificate, fingerprint } = file
  const from = row?.removed_at === null ? row.fingerprint : null
  if (row && row.fingerprint !== fingerprint) {
    if (proposed === fingerprint) return undefined
    return {
      event: eventOf('certificate.proposed', { principal, from, to: fingerprint }),
      apply: (tx) => propose(tx, file, rooms.now()),
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
    apply: (tx) => putInEffect(tx, file, rooms.now()),
  }
}

const remove = ({ now }: Rooms, { principal, fingerprint }: CertificateTable): Step => ({
  event: eventOf('certificate.changed', { principal, from: fingerprint, to: null }),
  // Its fingerprint stays: who comes back under the same id with another key must be confirmed as well.
  apply: async (tx) => {
    await tx
      .updateTable('certificates')
      .set({ removed_at: now() })
      .where('principal', '=', principal)
      .execute()
    await tx.deleteFrom('certificate_changes').where('principal', '=', principal).execute()
  },
})

async function propose(tx: Tx, file: Named, now: number): Promise<void> {
  await tx.deleteFrom('certificate_changes').where('principal', '=', file.principal).execute()
  await tx
    .insertInto('certificate_changes')
    .values({ ...file, proposed_at: now })
    .execute()
}

async function putInEffect(tx: Tx, file: Named, now: number): Promise<void> {
  const { principal } = file
  await tx.deleteFrom('certificate_changes').where('principal', '=', principal).execute()
  await tx.deleteFrom('certificates').where('principal', '=', principal).execute()
  await tx
    .insertInto('certificates')
    .values({ ...file, since: now, removed_at: null })
    .execute()
}

async function certificatesInFiles({ site }: Rooms): Promise<Named[]> {
  const { facilities, people, recovery } = site.config
  const all = [...facilities, ...people, { id: 'recovery', certificate: recovery }]
  return Promise.all(
    all.map(async ({ id, certificate }) => {
      const { fingerprint } = await inspectCertificate(certificate)
      return { principal: id, certificate, fingerprint }
    }),
  )
}

export interface WaitingCertificate {
  readonly principal: string
  readonly from: string
  /** Fingerprint of the one that waits. */
  readonly fingerprint: string
  readonly proposedAt: number
}

/** Replaced certificates that nobody has confirmed: the ones before are in effect. */
export async function waitingCertificates({
  state,
}: {
  readonly state: Pick<State, 'db'>
}): Promise<WaitingCertificate[]> {
  const rows = await state.db
    .selectFrom('certificate_changes')
    .innerJoin('certificates', 'certificates.principal', 'certificate_changes.principal')
    .select('certificates.fingerprint as from')
    .select('certificate_changes.principal as principal')
    .select('certificate_changes.fingerprint as fingerprint')
    .select('certificate_changes.proposed_at as proposedAt')
    .execute()
  return rows
}

/** The text that the owner signs. @throws NocturneError `certificate_not_waiting` */
export async function changeStatement(rooms: Rooms, principal: string): Promise<string> {
  const found = (await waitingCertificates(rooms)).find((one) => one.principal === principal)
  if (!found) throw new NocturneError('certificate_not_waiting', { subject: principal })
  const { from, fingerprint: to } = found
  return writeChange({ gateway: rooms.site.config.gateway.name, principal, from, to })
}

/**
 * Puts a waiting certificate into effect: the operator says so here, the owner by a signature over the statement with the
 * key before or with the new one (the one before may be lost).
 *
 * @throws NocturneError `certificate_not_waiting`, `certificate_not_confirmed`
 */
export async function confirmCertificate(
  rooms: Rooms,
  principal: string,
  signature: string,
  operator: Actor,
): Promise<{ readonly fingerprint: string; readonly signedWith: 'old' | 'new' }> {
  const statement = await changeStatement(rooms, principal)
  const { db } = rooms.state
  const old = await db
    .selectFrom('certificates')
    .selectAll()
    .where('principal', '=', principal)
    .executeTakeFirst()
  const next = await db
    .selectFrom('certificate_changes')
    .selectAll()
    .where('principal', '=', principal)
    .executeTakeFirst()
  const isBy = async (certificate: string | null | undefined) =>
    certificate != null &&
    (await verifyDetached(statement, signature, certificate, new Date(rooms.now())))
  const signedWith = (await isBy(old?.certificate))
    ? 'old'
    : (await isBy(next?.certificate))
      ? 'new'
      : undefined
  if (!old || !next || !signedWith)
    throw new NocturneError('certificate_not_confirmed', { subject: principal })
  const { fingerprint, certificate } = next
  await rooms.ledger.record(async (tx) => {
    // Still the one that was signed for: a start in between may have put another in its place.
    const { numDeletedRows } = await tx
      .deleteFrom('certificate_changes')
      .where('principal', '=', principal)
      .where('fingerprint', '=', fingerprint)
      .executeTakeFirst()
    if (numDeletedRows !== 1n)
      throw new NocturneError('certificate_not_waiting', { subject: principal })
    await putInEffect(tx, { principal, certificate, fingerprint }, rooms.now())
    const detail = { principal, from: old.fingerprint, to: fingerprint, signedWith }
    return {
      value: undefined,
      events: [{ ...eventOf('certificate.changed', detail), actor: operator }],
    }
  })
  await refreshCertificates(rooms)
  return { fingerprint, signedWith }
}

const eventOf = (
  type: 'certificate.changed' | 'certificate.proposed',
  detail: NonNullable<EventInput['detail']>,
): EventInput => ({ type, outcome: 0, actor: SYSTEM, detail })
