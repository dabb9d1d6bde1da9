/** Cases shared by body region: each part is a case of its own that refers to the whole. */
import type { Kysely, Migration } from 'kysely'
import { indexOn } from '../indexes.js'

export function caseParts(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      for (const column of ['part_of', 'region', 'shared_to'])
        await db.schema.alterTable('cases').addColumn(column, 'text').execute()
      await indexOn(db, 'cases', ['part_of'])
    },
  }
}
