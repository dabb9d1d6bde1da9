/**
 * Connects the rooms that work at night: cases, duty, and notification; and runs what they do by
 * the clock.
 */
import { createCases, createProofs } from '../cases/index.js'
import type { CaseNotice, Cases, EscalationStep, Proofs } from '../cases/index.js'
import type { SiteConfig } from '../config/index.js'
import type { Directory } from '../directory/index.js'
import { onDuty, swapsOf } from '../duty/index.js'
import type { Roster } from '../duty/index.js'
import { SYSTEM } from '../lib/actors.js'
import type { EventInput, Ledger } from '../ledger/log/index.js'
import { createNotify } from '../notify/index.js'
import type { Channel, Notice, Notify, SendOne } from '../notify/index.js'
import { isProof } from '../seal/proof/index.js'
import type { Db, State, Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { Transfers } from '../transfer/index.js'

export interface NightParts {
  readonly config: Pick<SiteConfig, 'groups' | 'people' | 'cases' | 'gateway'>
  readonly state: State
  readonly ledger: Ledger
  readonly directory: Directory
  readonly holdTransfers: Transfers['claims']['hold']
  readonly countOutcomes: Transfers['countOutcomes']
  readonly hasUnopened: Transfers['hasUnopened']
  readonly senders: ReadonlyMap<Channel, SendOne>
  /** Whether any of the person's browsers is subscribed to Web Push. */
  readonly hasPush: (tx: Tx, person: string) => Promise<boolean>
  readonly origin: () => string
  /** Shared by all gateways of the site. */
  readonly secret: Uint8Array
  readonly sealTo: (reader: string, content: Uint8Array) => Promise<Buffer>
  readonly now: () => number
}

export interface Night {
  /** The roster of a group at a given time; undefined for a group without a roster. */
  readonly rosterOf: (group: string, at: number) => Promise<Roster | undefined>
  readonly cases: Cases
  readonly proofs: Proofs
  readonly notify: Notify
}

export function createNight(parts: NightParts): Night {
  const { config, state, ledger, directory, now } = parts
  const notify = createNotify({
    ...{ state, ledger, now, senders: parts.senders, system: SYSTEM },
    channelsOf: (tx, person) => channelsOf(parts, tx, person),
    operators: peopleWith(config, 'operator'),
  })
  const cases = createCases({
    ...{ state, ledger, now, system: SYSTEM },
    holdTransfers: parts.holdTransfers,
    countOutcomes: parts.countOutcomes,
    hasUnopened: parts.hasUnopened,
    claimMs: config.cases.claimMinutes * 60_000,
    rulesOf: (id) => {
      const group = config.groups.find((one) => one.id === id)
      return { clock: group?.clock ?? [], escalate: group?.escalate ?? [] }
    },
    reads: (person, group) => directory.principal(person)?.groups.includes(group) === true,
    announce: (tx, notice) => announce(parts, notify, tx, notice),
    withdraw: (tx, id) => notify.withdraw(tx, id),
  })
  const { secret, sealTo } = parts
  const proofs = createProofs({ gateway: config.gateway.name, secret, sealTo, isProof, now })
  return { cases, proofs, notify, rosterOf: (id, at) => rosterOf(config, state.db, id, at) }
}

const peopleWith = (
  { people }: Pick<SiteConfig, 'people'>,
  role: SiteConfig['people'][number]['role'],
): readonly string[] => people.filter((one) => one.role === role).map(({ id }) => id)

/** The facility itself, whom webhooks reach, and its people. */
const sendersOf = ({ people }: Pick<SiteConfig, 'people'>, facility: string): readonly string[] => {
  const own = people.filter((one) => one.role === 'sender' && one.facility === facility)
  return [facility, ...own.map(({ id }) => id)]
}

async function channelsOf(
  { config, senders, hasPush }: NightParts,
  tx: Tx,
  person: string,
): Promise<readonly Channel[]> {
  const hooks = [...senders.keys()].filter((one) => one.startsWith('webhook:'))
  const email = config.people.find(({ id }) => id === person)?.contact?.email
  return [
    ...hooks,
    ...(email === undefined ? [] : (['mail'] as const)),
    ...((await hasPush(tx, person)) ? (['push'] as const) : []),
  ]
}

/** The roster of a group with the current swaps; undefined for a group without a roster. */
async function rosterOf(
  { groups }: Pick<SiteConfig, 'groups'>,
  db: Db | Tx,
  id: string,
  at: number,
): Promise<Roster | undefined> {
  const group = groups.find((one) => one.id === id)
  const entries = group?.duty?.roster ?? []
  if (!group || entries.length === 0) return undefined
  return {
    timezone: group.timezone,
    entries: entries.map(({ reader, backup, weekly, dates }) => ({
      person: reader ?? backup ?? '',
      as: reader === undefined ? 'backup' : 'reader',
      hours: { weekly, dates },
    })),
    swaps: await swapsOf(db, id, at),
  }
}

/**
 * The people notified by an escalation step. If nobody is on duty, or the group has no roster, the
 * next wider circle is notified: an empty roster must not mean that nobody is.
 */
async function audienceOf(
  { config, now }: NightParts,
  tx: Tx,
  group: string,
  audience: EscalationStep['audience'],
): Promise<readonly string[]> {
  if (typeof audience === 'object') return [audience.person]
  if (audience === 'operators') return peopleWith(config, 'operator')
  const everyone = config.groups.find(({ id }) => id === group)?.readers ?? []
  const roster = audience === 'group' ? undefined : await rosterOf(config, tx, group, now())
  if (!roster) return everyone
  const { readers, backups } = onDuty(roster, now())
  const first = audience === 'backup' ? backups : readers
  const second = audience === 'backup' ? readers : backups
  return [first, second].find((one) => one.length > 0) ?? everyone
}

async function chosenFor(parts: NightParts, tx: Tx, told: CaseNotice): Promise<readonly string[]> {
  const { row } = told
  if (told.what === 'overridden') return [told.from]
  if (told.what === 'reported') return sendersOf(parts.config, row.facility)
  const audience = told.what === 'step' ? told.step.audience : 'duty'
  return audienceOf(parts, tx, row.group_id, audience)
}

async function announce(
  parts: NightParts,
  notify: Notify,
  tx: Tx,
  told: CaseNotice,
): Promise<readonly EventInput[]> {
  const { row } = told
  const notice = noticeOf(parts, told)
  const chosen = await chosenFor(parts, tx, told)
  // After the end of the chain operators are notified as well, until somebody acts.
  const isStuck = told.what === 'step' && told.step.isLast
  const people = isStuck ? [...chosen, ...peopleWith(parts.config, 'operator')] : chosen
  // A notice about a report is sent even if its case has been closed.
  const withdrawnWith = told.what === 'reported' ? undefined : row.id
  const reached = await notify.tell(tx, people, notice, withdrawnWith)
  if (told.what !== 'step') return []
  const audience =
    typeof told.step.audience === 'object' ? told.step.audience.person : told.step.audience
  const detail = {
    case: row.id,
    code: row.code,
    audience,
    round: told.step.round,
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

function noticeOf({ now, origin }: NightParts, told: CaseNotice): Notice {
  const { row } = told
  const common = {
    code: row.code,
    facility: row.facility,
    group: row.group_id,
    priority: row.priority,
    at: new Date(now()).toISOString(),
    link: `${origin()}/read#${row.code}`,
  }
  if (told.what === 'step') {
    const { escalation, round } = told.step
    return { ...common, key: `${escalation.id}|${round}`, event: 'case.waiting', round }
  }
  if (told.what === 'overridden')
    return { ...common, key: overriddenKey(row), event: 'case.overridden' }
  if (told.what === 'reported')
    return {
      ...common,
      key: `${told.report}|received`,
      event: 'report.received',
      link: `${origin()}/send#${row.code}`,
    }
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

export interface NightRooms {
  readonly cases: Pick<Cases, 'runDue'>
  readonly notify: Pick<Notify, 'sendDue'>
}

/**
 * Runs what is due, once a second; a round that fails is retried.
 *
 * @returns a function that stops the rounds.
 */
export function startNight(
  { cases, notify }: NightRooms,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let isOver = false
  let round: Promise<unknown> = Promise.resolve()
  let isBusy = false
  const timer = setInterval(() => {
    if (isBusy || isOver) return
    isBusy = true
    round = Promise.allSettled([cases.runDue(), notify.sendDue()]).then((outcomes) => {
      isBusy = false
      for (const one of outcomes) if (one.status === 'rejected') failed(one.reason)
    })
  }, ROUND_MS)
  timer.unref()
  return async () => {
    isOver = true
    clearInterval(timer)
    await round
  }
}

const ROUND_MS = 1_000
