/**
 * The group that a person named for a study that waits. The row decides whose readers get the
 * study, so a writer to the database could send it to others: what counts is the event by which the
 * assignment was recorded.
 */
import { PRIORITIES } from '../../protocol/priority.js'
import type { TransferRooms } from '../rooms.js'

export interface AssignedRoute {
  readonly group: string
  readonly priority: (typeof PRIORITIES)[number]
  /** The case that it joins. */
  readonly case?: string
}

type Parts = Pick<TransferRooms, 'state' | 'ledger' | 'guard'>

/**
 * Undefined while nobody has named one. A row that says anything else is put right, and raises an
 * alert; `/readyz` names it until the next start.
 */
export async function assignmentOf(
  parts: Parts,
  transfer: string,
): Promise<AssignedRoute | undefined> {
  const { state, guard } = parts
  // A person may assign it between the two reads, which a second look shows.
  for (let looks = 0; looks < 2; looks += 1) {
    const row = await rowOf(parts, transfer)
    const told = await toldOf(parts, transfer)
    if (!row || isSame(row, told)) return told
  }
  const told = await toldOf(parts, transfer)
  await guard.judged('waiting_studies', transfer, 'ledger')
  await state.transaction((tx) =>
    tx
      .updateTable('waiting_studies')
      .set({
        group_id: told?.group ?? null,
        priority: told?.priority ?? null,
        case_id: told?.case ?? null,
      })
      .where('transfer', '=', transfer)
      .execute(),
  )
  return told
}

const rowOf = ({ state }: Parts, transfer: string) =>
  state.db
    .selectFrom('waiting_studies')
    .select(['group_id as group', 'priority', 'case_id as case'])
    .where('transfer', '=', transfer)
    .executeTakeFirst()

type Row = NonNullable<Awaited<ReturnType<typeof rowOf>>>

const isSame = (row: Row, told: AssignedRoute | undefined): boolean =>
  row.group === (told?.group ?? null) &&
  row.priority === (told?.priority ?? null) &&
  row.case === (told?.case ?? null)

/** A study is assigned a few times at most. */
const MOST_TIMES = 1_000

async function toldOf({ ledger }: Parts, transfer: string): Promise<AssignedRoute | undefined> {
  const types = ['study.assigned', 'requisition.matched'] as const
  const { rows } = await ledger.query({ types, transfer, limit: MOST_TIMES })
  const { group, detail = {} } = rows.at(-1)?.entry ?? {}
  const priority = PRIORITIES.find((one) => one === detail.priority)
  if (group === undefined || priority === undefined) return undefined
  return { group, priority, ...(typeof detail.case === 'string' && { case: detail.case }) }
}
