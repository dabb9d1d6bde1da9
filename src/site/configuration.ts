/**
 * Detects what has changed since the last start of any gateway on this database: software,
 * configuration, schedules. Each change is an event.
 */
import { createHash, hkdfSync } from 'node:crypto'
import type { SiteConfig } from '../config/index.js'
import type { EventInput, Ledger } from '../ledger/log/index.js'
import { SYSTEM } from '../lib/actors.js'
import type { Json } from '../lib/json.js'
import { VERSION } from '../lib/version.js'
import type { Tx } from '../state/index.js'
import { markConfig } from './marks.js'
import type { ConfigMarks } from './marks.js'

/** The row with the software version; no configuration key has this name. */
const SOFTWARE = 'version'
/**
 * Maximum number of keys of each kind that an event names; it also states how many more there are.
 */
const NAMED_KEYS = 100
const ROWS_AT_ONCE = 200

interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export interface ConfigurationRecord {
  /** Digest of the configuration in effect: gateways with the same digest are configured alike. */
  readonly digest: string
  /**
   * Stores the marks of this configuration, and records `event` together with the changes, in one
   * transaction.
   */
  record(event: EventInput): Promise<void>
}

export function createConfigurationRecord(parts: {
  readonly config: SiteConfig
  readonly ledger: Pick<Ledger, 'record'>
  /** In PEM. The marks are keyed with it, so that a value cannot be guessed from its mark. */
  readonly ledgerKey: string
}): ConfigurationRecord {
  const key = hkdfSync('sha256', parts.ledgerKey, '', 'nocturne/config/v1', 32)
  const marks = markConfig(parts.config, new Uint8Array(key))
  return {
    digest: digestOf(marks),
    record: async (event) => {
      await parts.ledger.record(async (tx) => ({
        value: undefined,
        events: [event, ...(await recordChanges(tx, marks))],
      }))
    },
  }
}

function digestOf(marks: ConfigMarks): string {
  const sorted = [...marks].sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}

async function recordChanges(tx: Tx, marks: ConfigMarks): Promise<EventInput[]> {
  const rows = await tx.selectFrom('config_marks').selectAll().execute()
  const before = new Map(rows.map(({ name, mark }) => [name, mark]))
  const version = before.get(SOFTWARE)
  before.delete(SOFTWARE)
  const changes = compare(before, marks)
  await remember(tx, marks, changes)
  // On the very first start there is nothing to compare with.
  return version === undefined ? [] : eventsOf(changes, version)
}

function compare(before: ConfigMarks, now: ConfigMarks): Changes {
  const names = [...now.keys()].sort()
  return {
    added: names.filter((name) => !before.has(name)),
    changed: names.filter((name) => before.has(name) && before.get(name) !== now.get(name)),
    removed: [...before.keys()].filter((name) => !now.has(name)).sort(),
  }
}

async function remember(tx: Tx, marks: ConfigMarks, { added, changed, removed }: Changes) {
  const names = [...added, ...changed]
  const rows = names.map((name) => ({ name, mark: marks.get(name) ?? '' }))
  rows.push({ name: SOFTWARE, mark: VERSION })
  for (let i = 0; i < rows.length; i += ROWS_AT_ONCE)
    await tx
      .insertInto('config_marks')
      .values(rows.slice(i, i + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((values) => ({ mark: values.ref('excluded.mark') })),
      )
      .execute()
  for (let i = 0; i < removed.length; i += ROWS_AT_ONCE)
    await tx
      .deleteFrom('config_marks')
      .where('name', 'in', removed.slice(i, i + ROWS_AT_ONCE))
      .execute()
}

function eventsOf(changes: Changes, version: string): EventInput[] {
  const event = (type: EventInput['type'], more: Partial<EventInput>): EventInput => ({
    type,
    outcome: 0,
    actor: SYSTEM,
    ...more,
  })
  const software =
    version === VERSION
      ? []
      : [event('software.changed', { detail: { from: version, to: VERSION } })]
  const all = [...changes.added, ...changes.changed, ...changes.removed]
  // Schedules: a group's readers, hours and time zone.
  const groups = [...new Set(all.flatMap((name) => /^groups\.([^.]+)\./.exec(name)?.[1] ?? []))]
  const schedules = groups.sort().map((group) =>
    event('schedule.changed', {
      group,
      detail: detailOf(filterChanges(changes, (name) => name.startsWith(`groups.${group}.`))),
    }),
  )
  const rest = filterChanges(changes, (name) => !/^groups\.[^.]+\./.test(name))
  const isChanged = rest.added.length + rest.changed.length + rest.removed.length > 0
  return [
    ...software,
    ...(isChanged ? [event('config.changed', { detail: detailOf(rest) })] : []),
    ...schedules,
  ]
}

const filterChanges = (changes: Changes, isMeant: (name: string) => boolean): Changes => ({
  added: changes.added.filter(isMeant),
  changed: changes.changed.filter(isMeant),
  removed: changes.removed.filter(isMeant),
})

/** Names the keys, never their values. */
function detailOf(changes: Changes): Readonly<Record<string, Json>> {
  const kinds = Object.entries(changes) as [string, readonly string[]][]
  const more = kinds.reduce((sum, [, names]) => sum + Math.max(0, names.length - NAMED_KEYS), 0)
  return {
    ...Object.fromEntries(
      kinds
        .filter(([, names]) => names.length > 0)
        .map(([kind, names]) => [kind, names.slice(0, NAMED_KEYS)]),
    ),
    ...(more > 0 && { more }),
  }
}
