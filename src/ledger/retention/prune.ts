/**
 * Pruning: entries past their retention period are removed in whole bundles of 256, from the
 * database and from the published log. Their hashes stay, so every proof ever issued remains valid
 * (c2sp.org/tlog-tiles, Pruning).
 *
 * An officer proposes and the operator carries out. The steps, and what is true after a crash
 * following each:
 * 1. One transaction removes the rows of some bundles and records which (`ledger.pruned`): both or
 *    neither.
 * 2. Publish the log with that entry. The pruned bundles are still published, which does no harm.
 * 3. Remove the published bundles.
 * 4. Advance the cursor. Without this, step 3 is repeated, and removing a missing bundle succeeds.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { State, Tx, Db } from '../../state/index.js'
import type { LogFiles } from '../../store/index.js'
import { NocturneError } from '../../lib/errors.js'
import { createCursor } from '../published/cursor.js'
import { parseEntry } from '../log/entry.js'
import type { Actor, EventType } from '../log/events.js'
import { merge, PRUNED } from '../verify/gaps.js'
import type { Range } from '../verify/gaps.js'
import { bundlesUnderHold, readHolds } from './holds.js'
import { tilePath } from '../published/layout.js'
import type { Ledger } from '../log/ledger.js'
import { TILE_WIDTH } from '../verify/merkle.js'
import { prunings } from './pruned.js'
import type { Publisher } from '../published/publish.js'

/** A year counts as 366 days, so that no retention period is cut short. */
export const retentionMs = (years: number): number => years * 366 * DAY_MS

const DAY_MS = 86_400_000
/** How long a proposal can be carried out. */
const PROPOSAL_MS = 30 * DAY_MS
/** Bundles per transaction, each of which holds the log's head for some tens of milliseconds. */
const BUNDLES_AT_ONCE = 16
/** Events that explain how the log came to be as it is are never pruned. */
const KEPT: readonly EventType[] = [PRUNED, 'ledger.restored']

export interface PruneOptions {
  readonly state: State
  readonly ledger: Ledger
  readonly files: LogFiles
  readonly publisher: Publisher
  readonly now: () => number
  /** Retention period in years, at least 6. */
  readonly years: number
}

export interface PrunePlan {
  /** Entries older than this are past their retention period. */
  readonly before: string
  readonly years: number
  /** Number of entries that would be pruned. */
  readonly entries: number
  /** Ranges of indices: first index, and index after the last. */
  readonly ranges: readonly Range[]
  /**
   * Number of entries that are old enough but kept, because their bundle contains an entry under
   * hold or one that records a pruning.
   */
  readonly held: number
  /** Entries that are old enough, but whose bundle is locked by the bucket until then. */
  readonly locked?: { readonly entries: number; readonly until: string }
}

/**
 * What pruning would remove now.
 * @throws NocturneError `database_unavailable`, `store_unavailable`
 */
export function planPruning(options: PruneOptions): Promise<PrunePlan> {
  return planBefore(options, options.now() - retentionMs(options.years))
}

/**
 * Records an officer's proposal to prune; an operator then has 30 days to carry it out.
 * @throws NocturneError `nothing_to_prune`
 */
export async function proposePruning(
  options: PruneOptions,
  actor: Actor,
): Promise<{ readonly plan: PrunePlan; readonly index: number }> {
  const plan = await planPruning(options)
  if (plan.entries === 0) throw new NocturneError('nothing_to_prune')
  const { before, years, entries } = plan
  const detail = { before, years, entries }
  const { index } = await options.ledger.note({ type: 'prune.proposed', outcome: 4, actor, detail })
  return { plan, index }
}

export interface PruneReport extends PrunePlan {
  /** Published bundles that could not be removed; the next run retries. */
  readonly left: number
}

/**
 * Carries out the newest proposal. Entries placed under hold since then are kept.
 *
 * @throws NocturneError `prune_not_proposed`, `prune_in_use` while another process prunes or
 *   publishes, `store_unavailable`
 */
export async function prune(
  options: PruneOptions,
  actor: Actor,
  holder: string,
): Promise<PruneReport> {
  const { state, ledger, now } = options
  const proposal = await newestProposal(state.db, now())
  const cursor = createCursor(state, 'pruned', holder, now)
  const done = await cursor.take()
  if (done === undefined) throw new NocturneError('prune_in_use')
  try {
    const plan = await planBefore(options, proposal.before)
    const bundles = plan.ranges.flatMap(([from, until]) =>
      Array.from({ length: (until - from) / TILE_WIDTH }, (_, i) => from / TILE_WIDTH + i),
    )
    for (let i = 0; i < bundles.length; i += BUNDLES_AT_ONCE) {
      const some = bundles.slice(i, i + BUNDLES_AT_ONCE)
      await pruneBundles(ledger, some, { actor, plan, related: proposal.id })
      if (!(await cursor.advance(done))) throw new NocturneError('prune_in_use')
    }
    await publishAll(options.publisher)
    const { left, next } = await removePublished(options, done)
    await cursor.advance(next)
    return { ...plan, left }
  } finally {
    await cursor.release().catch(() => undefined)
  }
}

async function newestProposal(db: Db, now: number): Promise<{ id: string; before: number }> {
  const row = await db
    .selectFrom('events')
    .select('entry')
    .where('type', '=', 'prune.proposed')
    .where('time', '>', now - PROPOSAL_MS)
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) throw new NocturneError('prune_not_proposed')
  const { id, detail } = parseEntry(row.entry)
  const before = typeof detail?.before === 'string' ? Date.parse(detail.before) : NaN
  if (Number.isNaN(before)) throw new NocturneError('ledger_broken')
  return { id, before }
}

async function planBefore(
  { state, files, now, years }: PruneOptions,
  before: number,
): Promise<PrunePlan> {
  const { db } = state
  const due = Math.min(before, now() - retentionMs(years))
  const end = await endOf(db, due)
  const counted = await db
    .selectFrom('events')
    .select(sql<number>`idx / 256`.as('bundle'))
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('idx', '<', end)
    .groupBy('bundle')
    .orderBy('bundle')
    .execute()
  const stays = await bundlesThatStay(db, 0, end)
  const sum = (rows: typeof counted) => rows.reduce((all, { count }) => all + count, 0)
  const free = counted.filter(({ bundle }) => !stays.has(bundle))
  const locks = await locksOf(files, free, now())
  const ready = free.filter(({ bundle }) => !locks.has(bundle))
  const until = Math.max(...locks.values())
  return {
    before: new Date(due).toISOString(),
    years,
    entries: sum(ready),
    ranges: merge(ready.map(({ bundle }) => rangeOf(bundle))),
    held: sum(counted.filter(({ bundle }) => stays.has(bundle))),
    ...(locks.size > 0 && {
      locked: {
        entries: sum(free.filter(({ bundle }) => locks.has(bundle))),
        until: new Date(until).toISOString(),
      },
    }),
  }
}

const rangeOf = (bundle: number): Range => [bundle * TILE_WIDTH, (bundle + 1) * TILE_WIDTH]

/** The end of the last complete bundle that contains no newer entries. */
async function endOf(db: Db, before: number): Promise<number> {
  const newer = await db
    .selectFrom('events')
    .select((e) => e.fn.min('idx').as('idx'))
    .where('time', '>=', before)
    .executeTakeFirst()
  const first =
    newer?.idx ?? (await db.selectFrom('ledger_head').select('size').executeTakeFirst())?.size
  return Math.floor((first ?? 0) / TILE_WIDTH) * TILE_WIDTH
}

async function bundlesThatStay(
  db: Db | Tx,
  from: number,
  until: number,
): Promise<ReadonlySet<number>> {
  const kept = await db
    .selectFrom('events')
    .select(sql<number>`idx / 256`.as('bundle'))
    .distinct()
    .where('type', 'in', KEPT)
    .where('idx', '>=', from)
    .where('idx', '<', until)
    .execute()
  const held = await bundlesUnderHold(db, await readHolds(db), from, until)
  return new Set([...kept.map(({ bundle }) => bundle), ...held])
}

/** Bundles that the bucket still has locked, and until when. */
async function locksOf(
  files: LogFiles,
  bundles: readonly { readonly bundle: number }[],
  now: number,
): Promise<ReadonlyMap<number, number>> {
  const locks = new Map<number, number>()
  if (bundles.length === 0 || !(await files.isLocked())) return locks
  for (const { bundle } of bundles) {
    const until = await files.lockedUntil(tilePath('entries', bundle))
    if (until && until.getTime() > now) locks.set(bundle, until.getTime())
  }
  return locks
}

interface Pruning {
  readonly actor: Actor
  readonly plan: PrunePlan
  readonly related: string
}

/** Thrown and caught here to roll back: a change without an event is not allowed. */
class NothingLeft extends Error {}

async function pruneBundles(
  ledger: Ledger,
  bundles: readonly number[],
  { actor, plan, related }: Pruning,
): Promise<void> {
  const [first = 0, last = first] = [bundles.at(0), bundles.at(-1)]
  await ledger
    .record(async (tx) => {
      // Checked again: a hold may have been placed in the meantime. A hold recorded before this
      // transaction is seen here; a later one covers only what is left.
      const stays = await bundlesThatStay(tx, first * TILE_WIDTH, (last + 1) * TILE_WIDTH)
      const ranges = merge(bundles.filter((bundle) => !stays.has(bundle)).map(rangeOf))
      if (ranges.length === 0) throw new NothingLeft()
      for (const [from, until] of ranges)
        await tx.deleteFrom('events').where('idx', '>=', from).where('idx', '<', until).execute()
      const { before, years } = plan
      const detail = { before, years, ranges: ranges.map((range) => [...range]) }
      return { value: undefined, events: [{ type: PRUNED, outcome: 4, actor, related, detail }] }
    })
    .catch((error: unknown) => {
      if (!(error instanceof NothingLeft)) throw error
    })
}

const PUBLISH_WAIT_MS = 30_000
const PUBLISH_POLL_MS = 200

/**
 * The event that records the pruning is published before the bundles are removed; otherwise readers
 * of the published log would find them missing.
 */
async function publishAll(publisher: Publisher): Promise<void> {
  for (let waited = 0; waited < PUBLISH_WAIT_MS; waited += PUBLISH_POLL_MS) {
    if ((await publisher.publish()) !== undefined) return
    // Another gateway is publishing at the moment.
    await sleep(PUBLISH_POLL_MS)
  }
  throw new NocturneError('prune_in_use')
}

/**
 * Step 3, also for an interrupted run. Returns how many bundles remain, and where the next run
 * starts.
 */
async function removePublished({ state, files }: PruneOptions, from: number) {
  let [left, next] = [0, from]
  for (const { idx, ranges } of await prunings(state.db, from)) {
    for (const [first, until] of ranges)
      for (let n = first / TILE_WIDTH; n < until / TILE_WIDTH; n++)
        if (!(await files.remove(tilePath('entries', n)))) left += 1
    if (left === 0) next = idx + 1
  }
  return { left, next }
}
