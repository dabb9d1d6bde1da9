/**
 * A second sending of the same files, such as after an answer that was lost, or from a worklist
 * that was worked off twice. It makes no second case: what the readers have already is a duplicate,
 * and what was held then and can go now joins the case of the first sending.
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
  /** What the readers have of it, by source handle: the number of the item. */
  readonly numbers: ReadonlyMap<string, number>
}

export interface SentFiles {
  /** Source handles of what can be accepted. */
  readonly handles: readonly string[]
  /** Items, whatever became of them. */
  readonly count: number
}

export const filesOf = (items: readonly JudgedItem[]): SentFiles => ({
  handles: items.flatMap(({ entry, sourceHandle }) =>
    entry && sourceHandle !== null ? [sourceHandle] : [],
  ),
  count: items.length,
})

/** Parameters of one statement. */
const AT_ONCE = 500
/** First sendings that are looked at, the newest first: more are of no sender. */
const MAX_CANDIDATES = 5

/**
 * The newest transfer of the same facility and group with as many items, of which all that were
 * accepted then are among these. A case that was taken back, or closed unread, does not count: who
 * sends it again wants it read.
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

/** As they stand once it is known that they were sent before. */
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
      .orderBy('id', 'desc')
      .limit(MAX_CANDIDATES)
      .execute()
    found.push(...rows)
  }
  return found.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, MAX_CANDIDATES)
}

/** Of the transfer, and with those that go on with it. */
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
