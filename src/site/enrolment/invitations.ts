/**
 * From an invitation to a person in effect. The operator gets a link with a secret; its bearer
 * sends a certificate with a proof of the private key; the operator confirms the words that the
 * person reads out by phone. So neither the link alone nor the database alone adds anybody.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Actor, EventInput } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import type { InvitationTable } from '../../state/enrolment/index.js'
import { acceptAnswer } from './answer.js'
import type { Answer, InvitationParts, InvitationView, Invited, Link } from './contract.js'
import { enrol, remove } from './enrol.js'
import type { Enrolled } from './enrol.js'
import { groupsOf } from './roll.js'
import { countTry, endInvitation, MOST_TRIES, pending } from './rows.js'

export interface Invitations {
  /**
   * Replaces an earlier invitation of the same name.
   *
   * @throws NocturneError `principal_exists`; `unknown_principal` for a group or facility that the
   *   site does not have; `bad_request` for one that the role does not have
   */
  invite(invited: Invited, forMs: number, actor: Actor): Promise<Link & { expiresAt: number }>
  /** @throws NocturneError `invitation_unusable` */
  look(link: Link): Promise<InvitationView>
  /**
   * The same certificate may be sent again, since an answer may have been lost.
   *
   * @throws NocturneError `invitation_unusable`, `invitation_signature`, `certificate_taken`, and
   *   what the policy has against the certificate
   */
  answer(answer: Answer, actor: Actor): Promise<{ readonly fingerprint: string }>
  /** Those that are not confirmed or withdrawn. */
  list(): Promise<readonly InvitationView[]>
  /**
   * @throws NocturneError `invitation_unanswered`, `invitation_words`, `principal_exists`,
   *   `certificate_taken`
   */
  confirm(principal: string, words: string, actor: Actor): Promise<Enrolled>
  /**
   * Withdraws the invitation, or removes the person who was enrolled by one.
   *
   * @throws NocturneError `unknown_principal`
   */
  end(principal: string, actor: Actor): Promise<'withdrawn' | 'removed'>
  /** On start, ends the enrolments that nocturne.yaml has adopted word for word. */
  record(actor: Actor): Promise<void>
}

/** After the link has expired, so long may the operator still confirm what was sent before. */
const CONFIRM_MS = 7 * 86_400_000

export function createInvitations(parts: InvitationParts): Invitations {
  return {
    invite: (invited, forMs, actor) => invite(parts, invited, { forMs, actor }),
    look: async (link) => viewOf(await usable(parts, link), parts.now()),
    answer: async (answer, actor) =>
      acceptAnswer(parts, { row: await usable(parts, answer), answer, actor }),
    list: async () => (await pending(parts, parts.state.db)).map((row) => viewOf(row, parts.now())),
    confirm: async (principal, words, actor) => {
      const rows = await pending(parts, parts.state.db)
      const row = rows.find((one) => one.principal === principal && one.state === 'answered')
      if (!row || row.expires_at + CONFIRM_MS <= parts.now())
        throw new NocturneError('invitation_unanswered')
      expectFree(parts.config, principal)
      return enrol(parts, { row, words, actor })
    },
    end: async (principal, actor) => {
      await parts.roll.refresh()
      if (parts.roll.enrolled().some((one) => one.principal === principal)) {
        await remove(parts, { principal, actor, reason: 'removed' })
        return 'removed'
      }
      const rows = await pending(parts, parts.state.db)
      const row = rows.find((one) => one.principal === principal)
      if (!row) throw new NocturneError('unknown_principal', { subject: principal })
      await parts.ledger.record(async (tx) => ({
        value: undefined,
        events: [await endInvitation(parts, tx, { row, actor, reason: 'withdrawn' })],
      }))
      return 'withdrawn'
    },
    record: async (actor) => {
      for (const { principal } of parts.roll.adopted())
        await remove(parts, { principal, actor, reason: 'in nocturne.yaml' })
    },
  }
}

/** A name that nobody else has: an ID stands for one person in the ledger, for ever. */
function expectFree({ people, facilities }: InvitationParts['config'], principal: string): void {
  const taken = ['recovery', 'system', 'site', 'anonymous', ...facilities.map(({ id }) => id)]
  if (taken.includes(principal) || people.some(({ id }) => id === principal))
    throw new NocturneError('principal_exists', { subject: principal })
}

async function invite(
  parts: InvitationParts,
  invited: Invited,
  { forMs, actor }: { readonly forMs: number; readonly actor: Actor },
): Promise<Link & { expiresAt: number }> {
  const { config, ledger, guard, now } = parts
  const { principal, role, facility, email } = invited
  expectFree(config, principal)
  const groups = [...new Set(invited.groups)].sort()
  const unknown = groups.find((group) => !config.groups.some(({ id }) => id === group))
  if (unknown !== undefined) throw new NocturneError('unknown_principal', { subject: unknown })
  // A reader without a group would see nothing; another role with one would read nothing.
  if ((role === 'reader') !== groups.length > 0)
    throw new NocturneError('bad_request', { field: 'groups' })
  if ((role === 'sender') !== (facility !== undefined))
    throw new NocturneError('bad_request', { field: 'facility' })
  if (facility !== undefined && !config.facilities.some(({ id }) => id === facility))
    throw new NocturneError('unknown_principal', { subject: facility })
  const secret = randomBytes(32).toString('base64url')
  const row = guard.seal('invitations', {
    ...{ id: newId(now()), principal, role, groups: JSON.stringify(groups) },
    ...{ facility: facility ?? null, email: email ?? null, secret: digestOf(secret) },
    ...{ created_at: now(), created_by: actor.id, expires_at: now() + forMs, tries: 0 },
    ...{ state: 'open' as const, certificate: null, fingerprint: null },
  })
  await ledger.record(async (tx) => {
    const before = (await pending(parts, tx)).filter((one) => one.principal === principal)
    const ended: EventInput[] = []
    for (const one of before)
      ended.push(await endInvitation(parts, tx, { row: one, actor, reason: 'replaced' }))
    await tx.insertInto('invitations').values(row).execute()
    const detail = {
      ...{ principal, role, expiresAt: new Date(row.expires_at).toISOString() },
      ...(groups.length > 0 && { groups }),
    }
    const made: EventInput = {
      ...{ type: 'invitation.made', outcome: 0, actor, related: row.id, detail },
      ...(facility !== undefined && { facility }),
    }
    return { value: undefined, events: [made, ...ended] }
  })
  return { invitation: row.id, secret, expiresAt: row.expires_at }
}

/**
 * One answer for every reason, so that a guess learns nothing.
 *
 * @throws NocturneError `invitation_unusable`
 */
async function usable(parts: InvitationParts, link: Link): Promise<InvitationTable> {
  const rows = await pending(parts, parts.state.db)
  const row = rows.find((one) => one.id === link.invitation)
  if (!row || row.expires_at <= parts.now() || row.tries >= MOST_TRIES)
    throw new NocturneError('invitation_unusable')
  const [given, expected] = [digestOf(link.secret), row.secret].map((text) => Buffer.from(text))
  if (given?.length === expected?.length && given && expected && timingSafeEqual(given, expected))
    return row
  await countTry(parts, row)
  throw new NocturneError('invitation_unusable')
}

function viewOf(row: InvitationTable, now: number): InvitationView {
  const { id, principal, role, facility, email, fingerprint, state } = row
  const isExpired = state === 'open' && row.expires_at <= now
  return {
    ...{ id, principal, role, groups: groupsOf(row), expiresAt: row.expires_at },
    state: isExpired ? 'expired' : state === 'answered' ? 'answered' : 'open',
    ...(facility !== null && { facility }),
    ...(email !== null && { email }),
    ...(fingerprint !== null && { fingerprint }),
  }
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
