/**
 * How far somebody was told of the log, and which gateway tells it: one row, in the database, for
 * each.
 */
import type { State } from '../../state/index.js'

/** Longer than a step between two `advance`s takes. */
const LEASE_MS = 60_000

/** Of who publishes. */
export const PUBLISHED = 'published'

export interface Cursor {
  /** The position, when the lease is ours now; undefined while another gateway holds it. */
  take(): Promise<number | undefined>
  /**
   * Remembers how far we are, and renews the lease. False when another gateway has taken it
   * meanwhile.
   */
  advance(position: number): Promise<boolean>
  /** Lets another gateway go on at once. */
  release(): Promise<void>
}

export function createCursor(
  state: State,
  name: string,
  holder: string,
  now: () => number,
): Cursor {
  return {
    take: () =>
      state.transaction(async (tx) => {
        await tx
          .insertInto('ledger_cursors')
          .values({ name, position: 0, holder: null, lease_until: 0 })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .execute()
        const { numUpdatedRows: taken } = await tx
          .updateTable('ledger_cursors')
          .set({ holder, lease_until: now() + LEASE_MS })
          .where('name', '=', name)
          .where((e) =>
            e.or([e('holder', 'is', null), e('holder', '=', holder), e('lease_until', '<', now())]),
          )
          .executeTakeFirst()
        if (taken === 0n) return undefined
        const row = await tx
          .selectFrom('ledger_cursors')
          .select('position')
          .where('name', '=', name)
          .executeTakeFirst()
        return row?.position
      }),
    advance: (position) =>
      state.transaction(async (tx) => {
        const { numUpdatedRows: updated } = await tx
          .updateTable('ledger_cursors')
          .set({ position, lease_until: now() + LEASE_MS })
          .where('name', '=', name)
          .where('holder', '=', holder)
          .executeTakeFirst()
        return updated > 0n
      }),
    release: async () => {
      await state.transaction((tx) =>
        tx
          .updateTable('ledger_cursors')
          .set({ holder: null, lease_until: 0 })
          .where('name', '=', name)
          .where('holder', '=', holder)
          .execute(),
      )
    },
  }
}

/** For a database that has one gateway, as it starts: whoever holds a lease is dead. */
export async function forgetHolders(state: State): Promise<void> {
  await state.transaction((tx) =>
    tx.updateTable('ledger_cursors').set({ holder: null, lease_until: 0 }).execute(),
  )
}
