/** Puts an invited person into effect, and removes them again. */
import { createHash } from 'node:crypto'
import type { Actor, EventInput } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import { sameWords, spokenWords } from '../../protocol/joining/spoken-words.js'
import type { Tx } from '../../state/index.js'
import type { EnrolledTable, InvitationTable } from '../../state/enrolment/index.js'
import { removeCertificate } from '../certificate-files.js'
import { certificateEvent, putInEffect } from '../certificate-rows.js'
import { expectUsable } from './answer.js'
import { membershipEvent } from '../memberships.js'
import type { InvitationParts } from './contract.js'
import { groupsOf } from './roll.js'
import { stateOf, writeState } from './rows.js'

export interface Enrolled {
  readonly fingerprint: string
  /** Groups in which a second person must confirm the reader (`directory.confirm: two`). */
  readonly waitsFor: readonly string[]
}

/** @throws NocturneError as `Invitations.confirm` */
export async function enrol(
  parts: InvitationParts,
  given: { readonly row: InvitationTable; readonly words: string; readonly actor: Actor },
): Promise<Enrolled> {
  const { row, words, actor } = given
  const { principal, role, facility, certificate } = row
  const { config, ledger, roll, guard, now } = parts
  if (certificate === null) throw new NocturneError('invitation_unanswered')
  const fingerprint = await expectUsable(parts, certificate)
  if (!sameWords(words, await spokenWords(row.id, fingerprint)))
    throw new NocturneError('invitation_words')
  const waitsFor = config.directory.confirm === 'two' ? groupsOf(row) : []
  const person = guard.seal('enrolled', {
    ...{ principal, role, groups: row.groups, facility, email: row.email },
    ...{ certificate, fingerprint, invitation: row.id, since: now() },
  })
  await ledger.record(async (tx) => {
    // Of two operators at the same time, one confirms.
    if ((await stateOf(tx, row)) !== 'answered') throw new NocturneError('invitation_unanswered')
    await tx.deleteFrom('enrolled').where('principal', '=', principal).execute()
    await tx.insertInto('enrolled').values(person).execute()
    await putInEffect(tx, parts, { principal, certificate, fingerprint })
    await writeState(guard, tx, { ...row, state: 'confirmed' })
    return { value: undefined, events: eventsOf(person, { actor, waitsFor }) }
  })
  await roll.refresh()
  return { fingerprint, waitsFor }
}

function eventsOf(
  person: EnrolledTable,
  { actor, waitsFor }: { readonly actor: Actor; readonly waitsFor: readonly string[] },
): [EventInput, ...EventInput[]] {
  const { principal, role, fingerprint, certificate, invitation, facility } = person
  const groups = groupsOf(person)
  const digest = createHash('sha256').update(certificate).digest('hex')
  return [
    {
      ...{ type: 'person.enrolled', outcome: 0, actor, related: invitation },
      ...(facility !== null && { facility }),
      detail: { principal, role, fingerprint, ...(groups.length > 0 && { groups }) },
    },
    {
      ...certificateEvent('certificate.changed', {
        ...{ principal, from: null, to: fingerprint, certificate: digest },
      }),
      actor,
    },
    ...waitsFor.map((group) => membershipEvent('membership.proposed', { principal, group }, actor)),
  ]
}

/** With `in nocturne.yaml`, the file has adopted the person: the certificate stays in effect. */
export async function remove(
  parts: InvitationParts,
  given: {
    readonly principal: string
    readonly actor: Actor
    readonly reason: 'removed' | 'in nocturne.yaml'
  },
): Promise<void> {
  const { principal, actor, reason } = given
  const { config, ledger, roll } = parts
  await ledger.record(async (tx) => {
    const person = await tx
      .selectFrom('enrolled')
      .selectAll()
      .where('principal', '=', principal)
      .executeTakeFirst()
    if (!person) throw new NocturneError('unknown_principal', { subject: principal })
    await tx.deleteFrom('enrolled').where('principal', '=', principal).execute()
    const removed: EventInput = {
      ...{ type: 'person.removed', outcome: 0, actor, related: person.invitation },
      detail: { principal, reason },
    }
    if (reason !== 'removed') return { value: undefined, events: [removed] }
    const isTwo = config.directory.confirm === 'two'
    const left = (isTwo ? groupsOf(person) : []).map((group) =>
      membershipEvent('membership.removed', { principal, group }, actor),
    )
    return {
      value: undefined,
      events: [removed, ...(await endCertificate(parts, tx, person)), ...left],
    }
  })
  await roll.refresh()
}

/** Unless the file names the principal too: then its certificate stays. */
async function endCertificate(
  parts: InvitationParts,
  tx: Tx,
  { principal }: EnrolledTable,
): Promise<readonly EventInput[]> {
  const row = await tx
    .selectFrom('certificates')
    .selectAll()
    .where('principal', '=', principal)
    .executeTakeFirst()
  if (row?.removed_at !== null || parts.roll.isFiled(principal)) return []
  const { event, apply } = removeCertificate(parts, row)
  await apply(tx)
  return [event]
}
