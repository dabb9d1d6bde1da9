/**
 * Who added a key packet after sealing, and when its recipient was first seen to open the envelope
 * with it. Both are null for packets made when the envelope was sealed.
 */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function addedPackets({ integer }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('key_packets').addColumn('added_by', 'text').execute()
      await db.schema.alterTable('key_packets').addColumn('proven_at', integer).execute()
    },
  }
}
