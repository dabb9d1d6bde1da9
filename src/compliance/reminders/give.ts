/**
 * Gives each reminder once, however many gateways share the database: its key, its event and its
 * notices are written in one transaction.
 */
import { createHash } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import type { Actor, EventInput, Ledger } from '../../ledger/log/index.js'
import type { State, Tx } from '../../state/index.js'
import { remindersDue } from './due.js'
import type { DatedThings, Reminder, ReminderKind } from './due.js'

/** Reminders of one kind and step, given together: an imported list is one notice. */
export interface ReminderGroup {
  /** Identifies the group among all that were ever given. */
  readonly key: string
  readonly kind: ReminderKind
  readonly step: number
  readonly reminders: readonly Reminder[]
}

export interface RemindingParts {
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'record'>
  readonly things: () => Promise<DatedThings>
  /** Notifies officers, and the people whom the reminders are about. */
  readonly announce: (tx: Tx, group: ReminderGroup) => Promise<unknown>
  readonly system: Actor
  readonly now: () => number
}

/** Per call; the next call gives the rest. */
const MOST_AT_ONCE = 500
/** Named in an event; the count is always complete. */
const MOST_NAMED = 100

/**
 * @returns the number of reminders given
 * @throws NocturneError `ledger_unavailable`, `database_unavailable`; the next call gives them
 */
export async function giveReminders(parts: RemindingParts): Promise<number> {
  const { state, ledger, now } = parts
  const due = remindersDue(await parts.things(), now())
  const known = await knownKeys(
    state,
    due.map(({ key }) => key),
  )
  const fresh = due.filter(({ key }) => !known.has(key)).slice(0, MOST_AT_ONCE)
  if (fresh.length === 0) return 0
  try {
    const { value } = await ledger.record(async (tx) => {
      const given: Reminder[] = []
      for (const one of fresh) if (await take(tx, one.key, now())) given.push(one)
      const groups = groupsOf(given)
      const [first, ...rest] = groups.map((group) => eventOf(parts.system, group))
      if (!first) throw new AlreadyGiven('internal')
      for (const group of groups) await parts.announce(tx, group)
      return { value: given.length, events: [first, ...rest] }
    })
    return value
  } catch (error) {
    if (error instanceof AlreadyGiven) return 0
    throw error
  }
}

/** Another gateway gave all of them in the meantime. */
class AlreadyGiven extends NocturneError {}

async function knownKeys(
  { db }: Pick<State, 'db'>,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (let start = 0; start < keys.length; start += MOST_AT_ONCE) {
    const rows = await db
      .selectFrom('reminders')
      .select('key')
      .where('key', 'in', keys.slice(start, start + MOST_AT_ONCE))
      .execute()
    for (const { key } of rows) known.add(key)
  }
  return known
}

async function take(tx: Tx, key: string, now: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows: added } = await tx
    .insertInto('reminders')
    .values({ key, given_at: now })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .executeTakeFirstOrThrow()
  return added !== 0n
}

function groupsOf(given: readonly Reminder[]): readonly ReminderGroup[] {
  const groups = new Map<string, Reminder[]>()
  for (const one of given) {
    const name = `${one.kind}|${one.step}`
    groups.set(name, [...(groups.get(name) ?? []), one])
  }
  return [...groups.values()].flatMap((reminders) => {
    const [first] = reminders
    if (!first) return []
    const keys = reminders.map(({ key }) => key).join('\n')
    const key = createHash('sha256').update(keys).digest('hex').slice(0, 32)
    return [{ key, kind: first.kind, step: first.step, reminders }]
  })
}

const eventOf = (actor: Actor, { kind, step, reminders }: ReminderGroup): EventInput => ({
  ...{ type: 'reminder.given', outcome: step === 0 ? 4 : 0, actor },
  detail: {
    ...{ kind, days: step, count: reminders.length },
    ids: reminders.slice(0, MOST_NAMED).map(({ id }) => id),
  },
})
