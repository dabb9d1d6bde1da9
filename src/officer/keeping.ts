/** What officers do with the ledger besides reading it: reviews, legal holds, pruning proposals. */
import type { SiteConfig } from '../config/index.js'
import type { Directory } from '../directory/index.js'
import type { Actor, Ledger, Receipt } from '../ledger/log/index.js'
import type { HoldScope, PrunePlan } from '../ledger/retention/index.js'
import type { ReviewState } from '../ledger/reviews/index.js'
import type { RetentionAnswer } from '../protocol/http/audit.js'
import type { Finding } from '../protocol/review-finding.js'
import { NocturneError } from '../lib/errors.js'
import { findAnomalies } from './review/index.js'
import type { ShownAnomalies } from './review/index.js'

export interface Keeping {
  /**
   * Returns what is due for review. Reading this is recorded as an event, as is reading the holds
   * or the plan.
   */
  review(actor: Actor): Promise<ReviewState>
  recordReview(actor: Actor, given: Review): Promise<Proven<ReviewState>>
  /** What to look at first in the review. Reading it is recorded. */
  anomalies(actor: Actor): Promise<ShownAnomalies>
  holds(actor: Actor): Promise<readonly ShownHold[]>
  /** @throws NocturneError `not_found` for an unknown ID, `bad_request`, `too_many_holds` */
  addHold(actor: Actor, scope: HoldScope): Promise<Proven<{ readonly id: string }>>
  /** @throws NocturneError `not_found` */
  removeHold(actor: Actor, id: string): Promise<Proven<{ readonly id: string }>>
  /** What is past the retention of the site. Reading it is recorded as an event. */
  planRetention(actor: Actor): Promise<RetentionAnswer>
  planPruning(actor: Actor): Promise<PrunePlan>
  proposePruning(actor: Actor): Promise<Proven<PrunePlan>>
}

export interface Review {
  /** The events before this index were reviewed. */
  readonly until: number
  readonly finding: Finding
}

/** A result with the proof of the event that records it. */
export type Proven<T> = T & { readonly receipt: string }

export interface Hold extends HoldScope {
  readonly id: string
  readonly index: number
  readonly since: string
  readonly by: string
}

/** A hold with its times as RFC 3339. */
export type ShownHold = Omit<Hold, 'from' | 'until'> & {
  readonly from?: string
  readonly until?: string
}

export interface KeepingParts {
  readonly ledger: Pick<Ledger, 'note' | 'noteRead' | 'query' | 'proof'>
  readonly directory: Pick<Directory, 'principal' | 'facility'>
  readonly config: Pick<SiteConfig, 'facilities' | 'people'>
  readonly now: () => number
  /** The review, hold and pruning operations of the ledger. */
  readonly keeping: {
    review(): Promise<ReviewState>
    recordReview(actor: Actor, given: Review): Promise<Receipt>
    holds(): Promise<readonly Hold[]>
    addHold(actor: Actor, scope: HoldScope): Promise<Receipt>
    removeHold(actor: Actor, id: string): Promise<Receipt>
    planRetention(): Promise<RetentionAnswer>
    planPruning(): Promise<PrunePlan>
    proposePruning(actor: Actor): Promise<{ readonly plan: PrunePlan; readonly index: number }>
  }
}

export function createKeeping(parts: KeepingParts): Keeping {
  const { ledger, keeping } = parts
  const proven = async <T>(value: T, index: number): Promise<Proven<T>> => ({
    ...value,
    receipt: await ledger.proof(index),
  })
  return {
    review: async (actor) => {
      await ledger.noteRead(actor, { what: 'review' })
      return keeping.review()
    },
    anomalies: (actor) => anomaliesOf(parts, actor),
    recordReview: async (actor, given) => {
      const { index } = await keeping.recordReview(actor, given)
      return proven(await keeping.review(), index)
    },
    holds: async (actor) => {
      await ledger.noteRead(actor, { what: 'holds' })
      return (await keeping.holds()).map(shownHold)
    },
    addHold: async (actor, scope) => {
      await expectKnown(parts, scope)
      const { id, index } = await keeping.addHold(actor, scope)
      return proven({ id }, index)
    },
    removeHold: async (actor, id) => proven({ id }, (await keeping.removeHold(actor, id)).index),
    planRetention: async (actor) => {
      await ledger.noteRead(actor, { what: 'retention' })
      return keeping.planRetention()
    },
    planPruning: async (actor) => {
      await ledger.noteRead(actor, { what: 'prune' })
      return keeping.planPruning()
    },
    proposePruning: async (actor) => {
      const { plan, index } = await keeping.proposePruning(actor)
      return proven(plan, index)
    },
  }
}

async function anomaliesOf(
  { ledger, keeping, config, now }: KeepingParts,
  actor: Actor,
): Promise<ShownAnomalies> {
  await ledger.noteRead(actor, { what: 'anomalies' })
  const { reviewed, size: end } = await keeping.review()
  const anomalies = await findAnomalies({
    ...{ ledger, reviewed, end, now: now(), people: config.people },
    facilities: config.facilities.map(({ id }) => id),
  })
  return { reviewed, end, anomalies }
}

/**
 * The ledger does not record IDs that do not exist. An ID is known if it is in the configuration,
 * or already in the ledger because the person has left.
 *
 * @throws NocturneError `not_found`
 */
async function expectKnown(
  { directory, ledger }: Pick<KeepingParts, 'directory' | 'ledger'>,
  scope: HoldScope,
): Promise<void> {
  for (const column of ['actor', 'facility'] as const) {
    const id = scope[column]
    if (id === undefined || directory.principal(id) || directory.facility(id)) continue
    const { rows } = await ledger.query({ [column]: id, limit: 1 })
    if (rows.length === 0) throw new NocturneError('not_found')
  }
}

const shownHold = ({ from, until, ...hold }: Hold): ShownHold => ({
  ...hold,
  ...(from !== undefined && { from: new Date(from).toISOString() }),
  ...(until !== undefined && { until: new Date(until).toISOString() }),
})
