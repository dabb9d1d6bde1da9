import type { Db, Tx } from '../state/index.js'
import type { DoubtedSpanTable } from '../state/tables/index.js'

/** There is one mark per site. */
const MARK = 1

export async function markOf(db: Db | Tx): Promise<number | undefined> {
  const row = await db
    .selectFrom('time_marks')
    .select('seen_at')
    .where('id', '=', MARK)
    .executeTakeFirst()
  return row?.seen_at
}

/** Forward only: gateways that share a database may differ by seconds. */
export async function moveMark(tx: Tx, at: number): Promise<void> {
  await tx
    .insertInto('time_marks')
    .values({ id: MARK, seen_at: at })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ seen_at: at }).where('time_marks.seen_at', '<', at),
    )
    .execute()
}

/** By an operator, who may also move it back. */
export async function setMark(tx: Tx, at: number): Promise<void> {
  await tx
    .insertInto('time_marks')
    .values({ id: MARK, seen_at: at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at: at }))
    .execute()
}

export const readSpans = (db: Db): Promise<DoubtedSpanTable[]> =>
  db.selectFrom('doubted_spans').selectAll().execute()

/** Opens it again if another gateway, whose clock is trusted, has ended it. */
export async function writeSpan(tx: Tx, span: Omit<DoubtedSpanTable, 'ended_at'>): Promise<void> {
  const { reason, read_from, read_until } = span
  await tx
    .insertInto('doubted_spans')
    .values({ ...span, ended_at: null })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ reason, read_from, read_until, ended_at: null }),
    )
    .execute()
}

export async function endSpans(tx: Tx, at: number): Promise<void> {
  await tx
    .updateTable('doubted_spans')
    .set({ ended_at: at })
    .where('ended_at', 'is', null)
    .execute()
}
