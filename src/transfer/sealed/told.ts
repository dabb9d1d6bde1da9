/** Sets of recipients that edges were told to seal to. */
import type { TransferRooms } from '../rooms.js'

/** A study may wait at the facility this long before its set of recipients is refused. */
const TOLD_MS = 30 * 86_400_000

interface ToldSet {
  readonly facility: string
  readonly group: string
  readonly recipients: readonly string[]
}

export async function remember(
  { state, now }: TransferRooms,
  { facility, group, recipients }: ToldSet,
): Promise<void> {
  const told_at = now()
  const row = { facility, group_id: group, recipients: recipients.join(' ') }
  await state.transaction(async (tx) => {
    await tx
      .deleteFrom('sealing_sets')
      .where('told_at', '<', told_at - TOLD_MS)
      .execute()
    await tx
      .insertInto('sealing_sets')
      .values({ ...row, told_at })
      .onConflict((conflict) =>
        conflict.columns(['facility', 'group_id', 'recipients']).doUpdateSet({ told_at }),
      )
      .execute()
  })
}

export async function wasTold(
  { state, now }: TransferRooms,
  { facility, group, recipients }: ToldSet,
): Promise<boolean> {
  const row = await state.db
    .selectFrom('sealing_sets')
    .select('told_at')
    .where('facility', '=', facility)
    .where('group_id', '=', group)
    .where('recipients', '=', recipients.join(' '))
    .where('told_at', '>=', now() - TOLD_MS)
    .executeTakeFirst()
  return row !== undefined
}
