/** An index for the sweep of held items that were decided and are not yet removed. */
import type { Kysely, Migration } from 'kysely'
import { indexOn } from './indexes.js'

export function quarantineIndex(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await indexOn(db, 'quarantine', ['removed_at', 'state'])
    },
  }
}
