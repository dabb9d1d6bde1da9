/**
 * Recognizes files that are sent a second time, for example after a lost answer or from a
 * worklist that was processed twice. They do not create a second case: items that readers already
 * have are duplicates, and items that were held before but are accepted now join the case of the
 * first transfer.
 */
import type { Db, Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { TransferState } from '../state/tables/index.js'
import type { UploadTarget } from './begin.js'
import type { TransferRooms } from './rooms.js'
import type { JudgedItem } from './upload/judge.js'

export interface SentBefore {
  readonly transfer: string
  readonly state: TransferState
  readonly availableAt: number
  readonly case: CaseTable
  /** Items that readers already have: item number by source handle. */
  readonly numbers: ReadonlyMap<string, number>
}

export interface SentFiles {
  /** Source handles of the items that can be accepted. */
  readonly handles: readonly string[]
  /** Number of items, whatever their outcome. */
  readonly count: number
}

export const filesOf = (items: readonly JudgedItem[]): SentFiles => ({
  handles: items.flatMap(({ entry, sourceHandle }) =>
    entry && sourceHandle !== null ? [sourceHandle] : [],
  ),
  count: items.length,
})

/** Maximum number of parameters per statement. */
const AT_ONCE = 500
/** How many earlier transfers are examined, newest first; no real sender has more. */
const MAX_CANDIDATES = 5

/**
 * Finds the newest transfer of the same facility and group with the same number of items, whose
 * accepted items are all among these. A case that was recalled, or closed without being read, does
 * not count, because a sender that sends it again wants it read.
 */
export async function findSentBefore(
  { cases }: Pick<TransferRooms, 'cases'>,
  db: Db | Tx,
  target: Pick<UploadTarget, 'facility' | 'group' | 'case' | 'release' | 'again'>,
  { handles, count }: SentFiles,
): Promise<SentBefore | undefined> {
  if (target.release !== undefined || target.again === true) return undefined
  const sent = new Set(handles)
  const candidates = await candidatesOf(db, target, handles, count)
  const ids = candidates.map(({ id }) => id)
  const found = await cases.ofTransfers(db, ids)
  for (const { id, state, available_at } of candidates) {
    const row = found.get(id)
    if (!row || !isToBeRead(row) || (target.case ?? row.id) !== row.id) continue
    const { first, all } = await numbersOf(db, id)
    if (![...first].every((one) => one !== null && sent.has(one))) continue
    return { transfer: id, state, availableAt: available_at ?? 0, case: row, numbers: all }
  }
  return undefined
}

const isToBeRead = ({ state, closed_for }: CaseTable): boolean =>
  state !== 'recalled' && (closed_for === null || closed_for === 'acknowledged')

/** Marks the items that were sent before as duplicates. */
export const asSentBefore = (
  items: readonly JudgedItem[],
  before: SentBefore | undefined,
): readonly JudgedItem[] =>
  items.map((item) =>
    item.entry && item.sourceHandle !== null && before?.numbers.has(item.sourceHandle) === true
      ? { ...item, outcome: 'duplicate', code: 'duplicate', entry: undefined }
      : item,
  )

async function candidatesOf(
  db: Db | Tx,
  { facility, group }: Pick<UploadTarget, 'facility' | 'group'>,
  handles: readonly string[],
  count: number,
) {
  const found = []
  for (let at = 0; at < handles.length; at += AT_ONCE) {
    const rows = await db
      .selectFrom('transfers')
      .select(['id', 'state', 'available_at'])
      .where('sent_handle', 'in', handles.slice(at, at + AT_ONCE))
      .where('facility', '=', facility)
      .where('group_id', '=', group)
      .where('state', 'in', ['available', 'acknowledged'])
      .where('next_index', '=', count + 1)
      // A study that a case has as a prior one has still to be read when it is sent itself.
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('arrivals')
              .select('arrivals.transfer')
              .whereRef('arrivals.transfer', '=', 'transfers.id')
              .where('arrivals.prior_of', 'is not', null),
          ),
        ),
      )
      .orderBy('id', 'desc')
      .limit(MAX_CANDIDATES)
      .execute()
    found.push(...rows)
  }
  return found.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, MAX_CANDIDATES)
}

/**
 * Item numbers by source handle: of the transfer alone, and including the transfers that continue
 * it.
 */
async function numbersOf(db: Db | Tx, transfer: string) {
  const rows = await db
    .selectFrom('items')
    .innerJoin('transfers', 'transfers.id', 'items.transfer')
    .select(['items.transfer', 'items.idx', 'items.source_handle'])
    .where('items.outcome', '=', 'accepted')
    .where((eb) =>
      eb.or([
        eb('transfers.id', '=', transfer),
        eb.and([
          eb('transfers.continues', '=', transfer),
          eb('transfers.state', 'in', ['available', 'acknowledged']),
        ]),
      ]),
    )
    .execute()
  const first = new Set<string | null>()
  const all = new Map<string, number>()
  for (const row of rows) {
    if (row.transfer === transfer) first.add(row.source_handle)
    if (row.source_handle !== null) all.set(row.source_handle, row.idx)
  }
  return { first, all }
}
