/**
 * Follows the ledger and raises alerts by the table. Every gateway of a site follows all of it; the
 * database decides which of them raises an alert, by the key of its row.
 */
import type { Actor, EventInput, EventType, Ledger, LedgerRow } from '../ledger/log/index.js'
import { NocturneError } from '../lib/errors.js'
import type { State, Tx } from '../state/index.js'
import { EVENT_RULES, RULES, STATE_RULES } from './rules.js'
import type { EventRule, EventRuleId, RuleId, StateRuleId } from './rules.js'

export interface Alert {
  readonly rule: RuleId
  /** Empty for a state of the whole gateway. */
  readonly subject: string
  readonly title: string
  readonly next: string
  /** Identifies it: raised once. */
  readonly key: string
  /** Index of the ledger entry that raised it, if one did. */
  readonly entry: number | undefined
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface AlertParts {
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'query' | 'record' | 'checkpoint'>
  /** Notifies officers and operators, inside the transaction that records the alert. */
  readonly announce: (tx: Tx, alert: Alert) => Promise<unknown>
  readonly raised: (alert: Alert) => void
  /** Whoever can write to the database must not be able to mark an alert as raised beforehand. */
  readonly tag: (text: string) => string
  readonly system: Actor
  readonly now: () => number
}

export interface Alerts {
  /**
   * Reads what the ledger has recorded since the last call, and raises alerts.
   *
   * @throws NocturneError `ledger_unavailable`, `database_unavailable`; the next call resumes
   */
  follow(): Promise<void>
  /**
   * Reports whether a state holds now, of the whole gateway or of one subject. Raises its alert
   * once it has lasted; if the ledger cannot be written then, as soon as it can be, even if the
   * state has passed.
   */
  observe(rule: StateRuleId, holds: boolean, subject?: string): Promise<void>
  /** Number of alerts raised by this gateway since its start, by rule. */
  counts(): ReadonlyMap<RuleId, number>
  /** States that hold now and have lasted. */
  active(): ReadonlySet<StateRuleId>
}

/** On start, the last hour is read again: bursts that began before count, and nothing is missed. */
const READ_AGAIN_MS = 3_600_000
const ROWS_AT_ONCE = 1_000
const SUBJECTS = /^[\w .:@/-]{0,200}$/
const EVENTS: readonly (readonly [EventRuleId, EventRule])[] = Object.entries(EVENT_RULES) as never
const TYPES: readonly EventType[] = [...new Set(EVENTS.flatMap(([, { types }]) => types))]
/** The row that says from which entry on a site has alerts. */
const BEGINS = 'begins'

export function createAlerts(parts: AlertParts): Alerts {
  const { now } = parts
  const counts = new Map((Object.keys(RULES) as RuleId[]).map((rule) => [rule, 0]))
  const raise = async (found: Alert): Promise<void> => {
    const alert = { ...found, key: parts.tag(found.key) }
    if (!(await record(parts, alert))) return
    counts.set(alert.rule, (counts.get(alert.rule) ?? 0) + 1)
    parts.raised(alert)
  }
  const bursts = createBursts()
  let next: number | undefined
  const states = new Map<string, ObservedState>()

  return {
    counts: () => counts,
    active: () =>
      new Set(
        [...states.values()].flatMap(({ rule, since }) =>
          hasLasted(rule, since, now()) ? [rule] : [],
        ),
      ),
    async follow() {
      next ??= await firstEntry(parts)
      for (let more: number | undefined = next; more !== undefined;) {
        const page: Awaited<ReturnType<Ledger['query']>> = await parts.ledger.query({
          ...{ types: TYPES, start: more, limit: ROWS_AT_ONCE },
        })
        for (const row of page.rows) {
          for (const alert of alertsOf(row, bursts)) await raise(alert)
          next = row.index + 1
        }
        more = page.next
      }
    },
    async observe(rule, holds, subject = '') {
      const id = `${rule}|${subject}`
      const known = states.get(id)
      if (!holds && !known) return
      const one = known ?? { rule, subject, since: now(), isOwed: true }
      states.set(id, one)
      if (one.isOwed && hasLasted(rule, one.since, now())) await raise(stateAlert(one))
      // Reached only once the alert, if due, has been recorded.
      if (holds) one.isOwed &&= !hasLasted(rule, one.since, now())
      else states.delete(id)
    },
  }
}

interface ObservedState {
  readonly rule: StateRuleId
  readonly subject: string
  readonly since: number
  /** Its alert has not been raised yet. */
  isOwed: boolean
}

const hasLasted = (id: StateRuleId, since: number, now: number): boolean =>
  now - since >= STATE_RULES[id].lastsMs

function stateAlert({ rule, subject, since: at }: ObservedState): Alert {
  const { title, next, everyMs } = STATE_RULES[rule]
  const period = Math.floor(at / everyMs)
  const key = subject === '' ? `${rule}|${period}` : `${rule}|${subject}|${period}`
  return { rule, title, next, key, subject, entry: undefined, at }
}

function* alertsOf({ entry, index }: LedgerRow, bursts: Bursts): Generator<Alert> {
  const at = Date.parse(entry.time)
  for (const [rule, one] of EVENTS) {
    if (!one.types.includes(entry.type) || one.matches?.(entry) === false) continue
    const given = one.subject(entry)?.trim() ?? ''
    const subject = SUBJECTS.test(given) ? given : ''
    if (
      one.burst &&
      !bursts.isReached(`${rule}|${subject}`, one.burst.things(entry), at, one.burst)
    )
      continue
    const key = `${rule}|${subject}|${Math.floor(at / one.everyMs)}`
    yield { rule, subject, key, title: one.title, next: one.next, entry: index, at }
  }
}

type Bursts = ReturnType<typeof createBursts>

/** Counts different things per subject in a sliding window. */
function createBursts() {
  const seen = new Map<string, Map<string, number>>()
  return {
    isReached: (
      subject: string,
      added: readonly string[],
      at: number,
      { count, withinMs }: NonNullable<EventRule['burst']>,
    ): boolean => {
      const things = seen.get(subject) ?? new Map<string, number>()
      seen.set(subject, things)
      // Deleted first, so that the map stays in the order of the times.
      for (const thing of added) {
        things.delete(thing)
        things.set(thing, at)
      }
      for (const [old, time] of things) {
        if (time > at - withinMs && things.size <= count) break
        things.delete(old)
      }
      return things.size >= count
    },
  }
}

/**
 * A site's people, groups and certificates are all new when it first starts; alerts begin after
 * that.
 */
async function firstEntry({ state, ledger, tag, now }: AlertParts): Promise<number> {
  const size = Number((await ledger.checkpoint()).split('\n')[1])
  const tagged = (from: string) => `${from} ${tag(`${BEGINS}|${from}`)}`
  await state.transaction((tx) =>
    tx
      .insertInto('alerts')
      .values({ key: BEGINS, rule: BEGINS, subject: tagged(String(size)), raised_at: now() })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute(),
  )
  const { subject } = await state.db
    .selectFrom('alerts')
    .select('subject')
    .where('key', '=', BEGINS)
    .executeTakeFirstOrThrow()
  const [from = ''] = subject.split(' ')
  // Changed by somebody else, or written by an earlier version: the last hour counts in any case.
  const start = subject === tagged(from) ? Number(from) : 0
  const recent = await ledger.query({
    ...{ types: TYPES, from: now() - READ_AGAIN_MS, start, limit: 1 },
  })
  return recent.rows[0]?.index ?? size
}

/** Returns false if it was raised before, by this gateway or another. */
async function record(parts: AlertParts, alert: Alert): Promise<boolean> {
  const { key, rule, subject, at, entry } = alert
  const known = await parts.state.db
    .selectFrom('alerts')
    .select('key')
    .where('key', '=', key)
    .executeTakeFirst()
  if (known) return false
  const event: EventInput = {
    ...{ type: 'alert.raised', outcome: RULES[rule].outcome, actor: parts.system },
    detail: {
      rule,
      ...(subject !== '' && { subject }),
      ...(entry !== undefined && { entry }),
      at: new Date(at).toISOString(),
    },
  }
  try {
    await parts.ledger.record(async (tx) => {
      const { numInsertedOrUpdatedRows: added } = await tx
        .insertInto('alerts')
        .values({ key, rule, subject, raised_at: parts.now() })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .executeTakeFirstOrThrow()
      if (added === 0n) throw new AlreadyRaised('internal')
      await parts.announce(tx, alert)
      return { value: undefined, events: [event] }
    })
    return true
  } catch (error) {
    if (error instanceof AlreadyRaised) return false
    throw error
  }
}

/** Another gateway raised it in the meantime. */
class AlreadyRaised extends NocturneError {}
