/**
 * The registers in the database. An entry is written once, with an event that holds its digest. To
 * change one, a new entry is written and the old one ended, in one transaction.
 */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../lib/json.js'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { Actor, EventInput, Ledger, Receipt } from '../ledger/log/index.js'
import type { RowGuard, RowMacs } from '../ledger/rows/index.js'
import type { Db, State, Tx } from '../state/index.js'
import type { RegisterEntryTable } from '../state/tables/index.js'
import { readEntry } from './entry-form.js'
import { KIND_RULES, REGISTER_KINDS } from './kinds.js'
import type { EntryData, RegisterEntry, RegisterKind } from './kinds.js'

export interface NewEntry {
  readonly kind: RegisterKind
  readonly fields: Readonly<Record<string, unknown>>
  /** Id of the entry that this one replaces; omitted fields keep its values. */
  readonly replaces?: string
}

export interface Registers {
  /** Newest last. */
  list(kind: RegisterKind): Promise<readonly RegisterEntry[]>
  all(): Promise<Readonly<Record<RegisterKind, readonly RegisterEntry[]>>>
  /** @throws NocturneError `not_found` */
  show(id: string): Promise<RegisterEntry>
  /**
   * Adds all entries or none.
   *
   * @throws NocturneError `register_invalid` with the field at fault, `not_found` for an entry to
   *   replace, `register_full`
   */
  add(
    entries: readonly NewEntry[],
    actor: Actor,
  ): Promise<{ readonly ids: readonly string[]; readonly receipt: Receipt }>
  /**
   * @throws NocturneError `not_found` for an entry that does not exist or has ended
   */
  end(id: string, actor: Actor): Promise<Receipt>
}

/** Per kind, not counting ended entries; no real site needs more. */
const MOST_ENTRIES = 20_000
/** Per request. */
const MOST_ADDED = 1_000

export function createRegisters(parts: {
  readonly state: State
  readonly ledger: Ledger
  readonly guard: RowGuard
  readonly now: () => number
}): Registers {
  const { state, ledger, guard, now } = parts
  const { db } = state
  return {
    list: async (kind) => {
      await guard.history.follow()
      return readKind(db, guard, kind)
    },
    all: () => readAll(db, guard),
    show: async (id) => entryOf(await readRow(db, guard, id)),
    add: async (entries, actor) => {
      if (entries.length === 0 || entries.length > MOST_ADDED)
        throw new NocturneError('bad_request')
      const { value, receipts } = await ledger.record(async (tx) => {
        const added: { id: string; events: readonly EventInput[] }[] = []
        for (const one of entries) added.push(await addOne({ tx, guard, actor, now: now() }, one))
        const [first, ...rest] = added.flatMap(({ events }) => events)
        if (!first) throw new TypeError('an entry has an event')
        return { value: added.map(({ id }) => id), events: [first, ...rest] }
      })
      return { ids: value, receipt: receipts[0] }
    },
    end: async (id, actor) => {
      const { receipts } = await ledger.record(async (tx) => {
        const row = await readRow(tx, guard, id)
        const event = await endOne({ tx, guard, actor, now: now() }, row)
        return { value: undefined, events: [event] }
      })
      return receipts[0]
    },
  }
}

/** One change, made inside its transaction. */
interface Change {
  readonly tx: Tx
  readonly guard: RowMacs
  readonly actor: Actor
  readonly now: number
}

async function addOne(
  change: Change,
  { kind, fields, replaces }: NewEntry,
): Promise<{ readonly id: string; readonly events: readonly EventInput[] }> {
  const { tx, guard, actor, now } = change
  const before = replaces === undefined ? undefined : await readRow(tx, guard, replaces)
  if (before && before.kind !== kind) throw new NocturneError('not_found')
  const reading = readEntry(kind, { ...(before && entryOf(before).data), ...fields })
  if (!reading.ok) throw new NocturneError('register_invalid', { subject: reading.field })
  await refuseWhenFull(tx, kind)
  const { data, subject, until } = reading
  const id = newId(now)
  await tx
    .insertInto('register_entries')
    .values(
      guard.seal('register_entries', {
        ...{ id, kind, subject, data: canonicalJson(data), until: until ?? null },
        ...{ created_at: now, created_by: actor.id, ended_at: null },
      }),
    )
    .execute()
  const added: EventInput = {
    ...{ type: 'register.added', outcome: 0, actor, related: id },
    detail: { kind, digest: digestOf(data), ...(until !== undefined && { until }) },
  }
  return { id, events: before ? [await endOne(change, before), added] : [added] }
}

async function endOne(
  { tx, guard, actor, now }: Change,
  row: RegisterEntryTable,
): Promise<EventInput> {
  const { id, kind, endedAt, data } = entryOf(row)
  if (endedAt !== undefined) throw new NocturneError('not_found')
  const { mac } = guard.seal('register_entries', { ...row, ended_at: now })
  await tx
    .updateTable('register_entries')
    .set({ ended_at: now, mac })
    .where('id', '=', id)
    .execute()
  return {
    ...{ type: 'register.ended', outcome: 0, actor, related: id },
    detail: { kind, digest: digestOf(data) },
  }
}

async function refuseWhenFull(tx: Tx, kind: RegisterKind): Promise<void> {
  const { count } = await tx
    .selectFrom('register_entries')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('kind', '=', kind)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (count >= MOST_ENTRIES) throw new NocturneError('register_full')
}

/**
 * The event records only this digest of the fields, so that names and dates of people stay out of
 * the ledger.
 */
export const digestOf = (data: EntryData): string =>
  createHash('sha256').update(canonicalJson(data)).digest('hex')

/**
 * @throws NocturneError `not_found`, also for a row that no gateway of this site wrote
 */
async function readRow(db: Db | Tx, guard: RowMacs, id: string): Promise<RegisterEntryTable> {
  const row = await db
    .selectFrom('register_entries')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row || !guard.isSealed('register_entries', row)) throw new NocturneError('not_found')
  return row
}

/**
 * Call after `follow`, so that an entry already ended in the ledger is not returned as still in
 * force.
 */
async function readKind(
  db: Db,
  guard: RowGuard,
  kind?: RegisterKind,
): Promise<readonly RegisterEntry[]> {
  let query = db.selectFrom('register_entries').selectAll()
  if (kind !== undefined) query = query.where('kind', '=', kind)
  const rows = await query.orderBy('created_at').orderBy('id').execute()
  const isPutBack = (row: RegisterEntryTable) =>
    row.ended_at === null && guard.history.isEnded(row.id)
  const good = await guard.sift('register_entries', rows, ({ id }) => id, isPutBack)
  return good.map(entryOf)
}

async function readAll(
  db: Db,
  guard: RowGuard,
): Promise<Readonly<Record<RegisterKind, readonly RegisterEntry[]>>> {
  await guard.history.follow()
  const expected = guard.history.registered()
  const all = await readKind(db, guard)
  const there = new Set(all.map(({ id }) => id))
  const bad = new Set(guard.mismatches().map(({ id }) => id))
  const gone = expected.filter((id) => !there.has(id) && !bad.has(id))
  await guard.missing('register_entries', gone)
  const ofKind = (kind: RegisterKind) => all.filter((one) => one.kind === kind)
  const lists = REGISTER_KINDS.map((kind): [RegisterKind, readonly RegisterEntry[]] => [
    kind,
    ofKind(kind),
  ])
  return Object.fromEntries(lists) as Record<RegisterKind, readonly RegisterEntry[]>
}

function entryOf(row: RegisterEntryTable): RegisterEntry {
  return {
    id: row.id,
    kind: kindOf(row.kind),
    subject: row.subject,
    data: JSON.parse(row.data) as EntryData,
    until: row.until ?? undefined,
    createdAt: row.created_at,
    createdBy: row.created_by,
    endedAt: row.ended_at ?? undefined,
  }
}

const kindOf = (text: string): RegisterKind => {
  if (!isRegisterKind(text)) throw new NocturneError('database_newer')
  return text
}

export const isRegisterKind = (text: string): text is RegisterKind =>
  Object.hasOwn(KIND_RULES, text)
