/** To which of a group's readers studies are sealed, where a site asks for the roster. */
import type { SiteConfig } from '../config/index.js'
import { shiftsFrom } from '../duty/index.js'
import { SYSTEM } from '../lib/actors.js'
import type { Ledger } from '../ledger/log/index.js'
import type { Db } from '../state/index.js'
import { rosterOf } from './announce.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Late images of a case still reach whoever reads past the end of a shift. */
const BEFORE_MS = 2 * HOUR_MS
/** For a group without targets; no target makes it longer than a week. */
const AHEAD_MS = 12 * HOUR_MS
const MOST_AHEAD_MS = 7 * DAY_MS

export interface RosterSealing {
  readonly config: Pick<SiteConfig, 'groups'>
  readonly db: Db
  readonly ledger: Pick<Ledger, 'note'>
  readonly now: () => number
}

/**
 * Readers and backups who are on duty now, were within the last two hours, or come on duty within
 * the longest target of the group. Undefined for the whole group: where the site does not ask for
 * the roster, and where the roster names none of its present readers, which is recorded as an alert
 * once an hour. A study is never sealed to nobody.
 */
export function createRosterSealing({ config, db, ledger, now }: RosterSealing) {
  const alerted = new Map<string, number>()
  return async (
    id: string,
    present: readonly string[],
  ): Promise<ReadonlySet<string> | undefined> => {
    const group = config.groups.find((one) => one.id === id)
    if (group?.duty?.sealTo !== 'roster') return undefined
    const at = now()
    const people = await onRoster({ config, db }, id, at)
    if (present.some((one) => people.has(one))) return people
    if ((alerted.get(id) ?? -Infinity) > at - HOUR_MS) return undefined
    alerted.set(id, at)
    const detail = { sealTo: 'group' }
    await ledger.note({ type: 'roster.empty', outcome: 8, actor: SYSTEM, group: id, detail })
    return undefined
  }
}

async function onRoster(
  { config, db }: Pick<RosterSealing, 'config' | 'db'>,
  id: string,
  at: number,
): Promise<ReadonlySet<string>> {
  const roster = await rosterOf(config, db, id, at - BEFORE_MS)
  if (!roster) return new Set()
  const targets = config.groups.find((one) => one.id === id)?.clock ?? []
  const longest = Math.max(...targets.map(({ withinMs }) => withinMs), 0) || AHEAD_MS
  const until = at + Math.min(longest, MOST_AHEAD_MS)
  const shifts = shiftsFrom(roster, at - BEFORE_MS, Math.ceil((until - at) / DAY_MS) + 1)
  const near = shifts.filter(({ from }) => from <= until)
  return new Set(near.flatMap(({ readers, backups }) => [...readers, ...backups]))
}
