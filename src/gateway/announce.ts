/** Who is notified about what is due at night, and what the notices say. */
import type { CaseNotice, EscalationStep } from '../cases/index.js'
import type { SiteConfig } from '../config/index.js'
import type { CriticalNotice, CriticalRules } from '../critical/index.js'
import { onDuty, rosterWith, swapsOf } from '../duty/index.js'
import type { Roster } from '../duty/index.js'
import { SYSTEM } from '../lib/actors.js'
import type { EventInput } from '../ledger/log/index.js'
import type { Notice, Notify } from '../notify/index.js'
import { CRITICAL_WITHIN_MS } from '../protocol/critical.js'
import type { Db, Tx } from '../state/index.js'
import type { CaseTable, CriticalResultTable } from '../state/night/index.js'

export interface AnnounceParts {
  readonly config: Pick<SiteConfig, 'facilities' | 'groups' | 'people'>
  readonly notify: Pick<Notify, 'tell'>
  readonly criticalOf: (tx: Tx, id: string) => Promise<CriticalResultTable | undefined>
  readonly origin: () => string
  readonly now: () => number
}

export const peopleWith = (
  { people }: Pick<SiteConfig, 'people'>,
  role: SiteConfig['people'][number]['role'],
): readonly string[] => people.filter((one) => one.role === role).map(({ id }) => id)

/** The facility itself, whom webhooks reach, and its people. */
const sendersOf = ({ people }: Pick<SiteConfig, 'people'>, facility: string): readonly string[] => {
  const own = people.filter((one) => one.role === 'sender' && one.facility === facility)
  return [facility, ...own.map(({ id }) => id)]
}

export function criticalRulesOf(
  { facilities }: Pick<SiteConfig, 'facilities'>,
  facility: string,
): CriticalRules {
  const own = facilities.find(({ id }) => id === facility)?.critical
  const contacts = own?.contacts ?? [facility]
  return {
    contacts: contacts.map((one) => (one === facility ? 'facility' : { person: one })),
    failSafe: own?.failSafe === undefined ? 'operators' : { person: own.failSafe },
    withinMs: own?.withinMs ?? CRITICAL_WITHIN_MS,
  }
}

/** The roster of a group with the current swaps; undefined for a group without a roster. */
export async function rosterOf(
  { groups }: Pick<SiteConfig, 'groups'>,
  db: Db | Tx,
  id: string,
  at: number,
): Promise<Roster | undefined> {
  const group = groups.find((one) => one.id === id)
  return group && rosterWith(group, await swapsOf(db, id, at))
}

/**
 * The people notified by an escalation step. If nobody is on duty, or the group has no roster, the
 * next wider circle is notified: an empty roster must not mean that nobody is.
 */
async function audienceOf(
  { config, now }: AnnounceParts,
  tx: Tx,
  { group_id: group, facility }: Pick<CaseTable, 'group_id' | 'facility'>,
  audience: EscalationStep['audience'],
): Promise<readonly string[]> {
  if (typeof audience === 'object') return [audience.person]
  if (audience === 'operators') return peopleWith(config, 'operator')
  if (audience === 'facility') return sendersOf(config, facility)
  const { coordinators, readers: everyone = [] } =
    config.groups.find(({ id }) => id === group) ?? {}
  if (audience === 'coordinator') return coordinators ?? peopleWith(config, 'operator')
  const roster = audience === 'group' ? undefined : await rosterOf(config, tx, group, now())
  if (!roster) return everyone
  const { readers, backups } = onDuty(roster, now())
  const first = audience === 'backup' ? backups : readers
  const second = audience === 'backup' ? readers : backups
  return [first, second].find((one) => one.length > 0) ?? everyone
}

async function chosenFor(
  parts: AnnounceParts,
  tx: Tx,
  told: CaseNotice,
): Promise<readonly string[]> {
  const { row } = told
  if (told.what === 'overridden') return [told.from]
  if (told.what === 'reported') return sendersOf(parts.config, row.facility)
  if (told.what === 'noted') return readersOfNote(parts, tx, told)
  const audience = told.what === 'step' ? told.step.audience : 'duty'
  return audienceOf(parts, tx, row, audience)
}

/** The other side: the facility, or whoever holds the case, or else those on duty. */
async function readersOfNote(
  parts: AnnounceParts,
  tx: Tx,
  told: Extract<CaseNotice, { what: 'noted' }>,
): Promise<readonly string[]> {
  const { row } = told
  if (toldBy(parts.config, told) === 'facility') return sendersOf(parts.config, row.facility)
  return row.claimed_by === null ? audienceOf(parts, tx, row, 'duty') : [row.claimed_by]
}

export async function announce(
  parts: AnnounceParts,
  tx: Tx,
  told: CaseNotice,
): Promise<readonly EventInput[]> {
  if (told.what === 'step') return announceStep(parts, tx, told)
  const { row } = told
  // A notice about a report or a note is sent even if its case has been claimed or closed.
  const isOnItsOwn = told.what === 'reported' || told.what === 'noted'
  await parts.notify.tell(
    tx,
    await chosenFor(parts, tx, told),
    noticeOf(parts, told),
    isOnItsOwn ? {} : { caseId: row.id },
  )
  return []
}

type Step = Extract<CaseNotice, { what: 'step' }>

async function announceStep(
  parts: AnnounceParts,
  tx: Tx,
  told: Step,
): Promise<readonly EventInput[]> {
  const { row, step } = told
  const id = step.escalation.critical
  const critical = id === null ? undefined : await parts.criticalOf(tx, id)
  const notice = critical ? stepOfCritical(parts, told, critical) : noticeOf(parts, told)
  const chosen = await chosenFor(parts, tx, told)
  // After the end of the chain operators are notified as well, until somebody acts; and with a
  // critical result, everybody who was told before, and its reader, who can call.
  const others = critical ? [...(await contactsOf(parts, tx, row)), critical.author] : []
  const people = step.isLast
    ? [...chosen, ...peopleWith(parts.config, 'operator'), ...others]
    : chosen
  const about = { caseId: critical?.id ?? row.id, isLast: step.isLast }
  const reached = await parts.notify.tell(tx, people, notice, about)
  const audience = typeof step.audience === 'object' ? step.audience.person : step.audience
  const detail = {
    case: row.id,
    code: row.code,
    ...(critical && { critical: critical.id, level: critical.level }),
    audience,
    round: step.round,
    told: [...reached],
  }
  const isReached = reached.length > 0
  return [
    {
      type: isReached ? 'escalation.step' : 'escalation.unreached',
      outcome: isReached ? 0 : 8,
      actor: SYSTEM,
      facility: row.facility,
      group: row.group_id,
      detail,
    },
  ]
}

async function contactsOf(
  parts: AnnounceParts,
  tx: Tx,
  row: Pick<CaseTable, 'facility' | 'group_id'>,
): Promise<readonly string[]> {
  const { contacts } = criticalRulesOf(parts.config, row.facility)
  const each = contacts.map((one) => audienceOf(parts, tx, row, one))
  return (await Promise.all(each)).flat()
}

/** A target of a critical result was missed, or it was closed. */
export async function announceCritical(
  parts: AnnounceParts,
  tx: Tx,
  { what, row }: CriticalNotice,
): Promise<void> {
  const contacts = await contactsOf(parts, tx, row)
  const people =
    what === 'missed'
      ? [...contacts, row.author, ...peopleWith(parts.config, 'operator')]
      : [row.author]
  const notice: Notice = {
    ...criticalCommon(parts, row),
    key: `${row.id}|${what}`,
    event: what === 'missed' ? 'critical.missed' : 'critical.closed',
  }
  // A notice that it is closed must not be withdrawn with those about the open one.
  await parts.notify.tell(tx, people, notice, what === 'missed' ? { caseId: row.id } : {})
}

const criticalCommon = ({ config, now, origin }: AnnounceParts, row: CriticalResultTable) => ({
  ...clockOf(config, 'facility', row),
  code: row.code,
  facility: row.facility,
  group: row.group_id,
  level: row.level,
  at: new Date(now()).toISOString(),
  dueAt: new Date(row.due_at).toISOString(),
  link: `${origin()}/send#${row.code}`,
})

function stepOfCritical(
  parts: AnnounceParts,
  { step: { escalation, round } }: Step,
  critical: CriticalResultTable,
): Notice {
  const isComparing = critical.state === 'comparing'
  const common = criticalCommon(parts, critical)
  return {
    ...common,
    ...(isComparing && { link: `${parts.origin()}/read#${critical.code}` }),
    key: `${escalation.id}|${round}`,
    event: isComparing ? 'critical.compare' : 'critical.raised',
    round,
  }
}

/** Whose people are told. */
function toldBy(config: Pick<SiteConfig, 'people'>, told: CaseNotice): 'facility' | 'group' {
  if (told.what === 'reported') return 'facility'
  if (told.what !== 'noted') return 'group'
  return sendersOf(config, told.row.facility).includes(told.author) ? 'group' : 'facility'
}

/** The time zone that the people told live in. */
function clockOf(
  { facilities, groups }: Pick<SiteConfig, 'facilities' | 'groups'>,
  whose: 'facility' | 'group',
  row: Pick<CaseTable, 'facility' | 'group_id'>,
): Pick<Notice, 'timezone'> {
  const timezone =
    whose === 'facility'
      ? facilities.find(({ id }) => id === row.facility)?.timezone
      : groups.find(({ id }) => id === row.group_id)?.timezone
  return timezone === undefined ? {} : { timezone }
}

function noticeOf({ config, now, origin }: AnnounceParts, told: CaseNotice): Notice {
  const { row } = told
  const whose = toldBy(config, told)
  const common = {
    code: row.code,
    facility: row.facility,
    group: row.group_id,
    priority: row.priority,
    at: new Date(now()).toISOString(),
    link: `${origin()}/${whose === 'group' ? 'read' : 'send'}#${row.code}`,
    ...clockOf(config, whose, row),
  }
  if (told.what === 'step') {
    const { escalation, round } = told.step
    return { ...common, key: `${escalation.id}|${round}`, event: 'case.waiting', round }
  }
  if (told.what === 'overridden')
    return { ...common, key: overriddenKey(row), event: 'case.overridden' }
  if (told.what === 'reported')
    return { ...common, key: `${told.report}|received`, event: 'report.received' }
  if (told.what === 'noted') return { ...common, key: `${told.note}|noted`, event: 'note.received' }
  const { target, what } = told.notice
  return {
    ...common,
    key: `${row.id}|${target.started_at}|${target.kind}|${what}`,
    event: what === 'missed' ? 'case.missed' : 'case.approaching',
    dueAt: new Date(target.due_at).toISOString(),
  }
}

const overriddenKey = ({ id, claimed_at }: CaseTable): string =>
  `${id}|overridden|${claimed_at ?? 0}`
