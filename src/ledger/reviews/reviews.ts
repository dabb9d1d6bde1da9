/**
 * Reviews of activity (45 CFR 164.308(a)(1)(ii)(D)): an officer records, as an event, up to which
 * index they have reviewed. Later events that need attention are due for the next review.
 */
import type { Db } from '../../state/index.js'
import { NocturneError } from '../../lib/errors.js'
import { FINDINGS } from '../../protocol/review-finding.js'
import type { Finding } from '../../protocol/review-finding.js'
import type { Actor } from '../log/events.js'
import type { Ledger } from '../log/ledger.js'
import type { Receipt } from '../log/contract.js'
import { countEvents, lastReview } from '../log/query.js'
import { readHead } from '../log/read.js'
import type { Review } from '../log/query.js'

export interface ReviewState {
  /** Events before this index have been reviewed. */
  readonly reviewed: number
  readonly last?: {
    readonly at: string
    readonly by: string
    readonly finding: Finding
  }
  /** Current size of the log. */
  readonly size: number
  /** Later events that need attention: the count for the question `due`. */
  readonly due: number
  /**
   * When the next review is due; if there was none yet, counted from the first event of the log.
   */
  readonly nextBy?: string
  readonly isOverdue: boolean
}

const DAY_MS = 86_400_000

/** @throws NocturneError `ledger_broken`, `database_unavailable` */
export async function reviewState(db: Db, days: number, now: number): Promise<ReviewState> {
  const { size } = await readHead(db)
  const last = await lastReview(db, size)
  const nextBy = await nextAfter(db, last, days)
  return {
    reviewed: last?.until ?? 0,
    ...(last && { last: shown(last) }),
    size,
    due: await countEvents(db, { question: 'due' }, size),
    ...(nextBy !== undefined && { nextBy: new Date(nextBy).toISOString() }),
    isOverdue: nextBy !== undefined && nextBy < now,
  }
}

/**
 * When the next review is due, without counting the events; undefined for an empty log.
 *
 * @throws NocturneError `ledger_broken`, `database_unavailable`
 */
export async function nextReviewBy(db: Db, days: number): Promise<number | undefined> {
  const { size } = await readHead(db)
  return nextAfter(db, await lastReview(db, size), days)
}

async function nextAfter(
  db: Db,
  last: Review | undefined,
  days: number,
): Promise<number | undefined> {
  const since = last?.entry.time ?? (await firstTime(db))
  return since === undefined ? undefined : Date.parse(since) + days * DAY_MS
}

/**
 * @throws NocturneError `bad_request` for an index not after the last review, or beyond the end of
 *   the log
 */
export async function recordReview(
  ledger: Ledger,
  actor: Actor,
  { until, finding }: { readonly until: number; readonly finding: Finding },
): Promise<Receipt> {
  const { receipts } = await ledger.record(async (tx) => {
    const { size } = await readHead(tx)
    const from = (await lastReview(tx, size))?.until ?? 0
    if (until <= from || until > size) throw new NocturneError('bad_request', { field: 'until' })
    const detail = { from, until, finding }
    return { value: undefined, events: [{ type: 'ledger.reviewed', outcome: 0, actor, detail }] }
  })
  return receipts[0]
}

function shown({ entry: { time, actor, detail } }: Review): NonNullable<ReviewState['last']> {
  const finding = FINDINGS.find((one) => one === detail?.finding)
  if (!finding) throw new NocturneError('ledger_broken')
  return { at: time, by: actor.id, finding }
}

async function firstTime(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('events')
    .select('time')
    .orderBy('idx')
    .limit(1)
    .executeTakeFirst()
  return row && new Date(row.time).toISOString()
}
