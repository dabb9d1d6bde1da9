/** When each token was last used, for lists and for the end of idle sessions. */
import type { State } from '../state/index.js'
import type { TokenTable } from '../state/tables/index.js'

const LAST_USE_MS = 60_000

/**
 * Records last uses: at most one write per minute and token. Nothing waits for it, and a failed
 * write is made up for at the next use.
 */
export function createUseNotes(state: State) {
  const notes = new Map<string, Promise<void>>()
  return {
    note: ({ id, last_used_at: last }: TokenTable, time: number): void => {
      if ((last !== null && time - last < LAST_USE_MS) || notes.has(id)) return
      const note = state
        .transaction(async (tx) => {
          await tx
            .updateTable('tokens')
            .set({ last_used_at: time })
            .where('id', '=', id)
            .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', time)]))
            .execute()
        })
        .catch(() => undefined)
        .finally(() => notes.delete(id))
      notes.set(id, note)
    },
    settled: async (): Promise<void> => {
      await Promise.all(notes.values())
    },
  }
}
