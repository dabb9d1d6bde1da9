/**
 * A cursor: how much of the log one outlet has received, and which gateway sends it. Each is one
 * row in the database.
 */
import type { State } from '../../state/index.js'

/** Longer than the time between two calls of `advance`. */
const LEASE_MS = 60_000

/** Name of the cursor for publishing. */
export const PUBLISHED = 'published'

export interface Cursor {
  /**
   * Returns the position if this gateway now holds the lease, or undefined while another gateway
   * does.
   */
  take(): Promise<number | undefined>
  /**
   * Stores the position and renews the lease. Returns false when another gateway has taken over.
   */
  advance(position: number): Promise<boolean>
  /** Lets another gateway continue immediately. */
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

/** Called when the only gateway of a database starts: any holder of a lease is dead. */
export async function forgetHolders(state: State): Promise<void> {
  await state.transaction((tx) =>
    tx.updateTable('ledger_cursors').set({ holder: null, lease_until: 0 }).execute(),
  )
}

/** For a database whose published log was left behind: all of it is published again. */
export const publishAnew = (state: Pick<State, 'transaction'>): Promise<unknown> =>
  state.transaction((tx) => tx.deleteFrom('ledger_cursors').where('name', '=', PUBLISHED).execute())
