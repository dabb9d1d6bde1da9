import type { Db } from '../../state/index.js'

export interface Change {
  readonly type: string
  readonly facility: string | undefined
  readonly group: string | undefined
}

export interface Changes {
  /** Where to go on: the number of entries seen. */
  readonly next: number
  readonly changes: readonly Change[]
  /** There were more than are read at once, so some are left out. */
  readonly isPartial: boolean
}

const AT_ONCE = 1_000

/** @param from number of entries seen so far; undefined: only where the log ends now */
export async function changesSince(db: Db, from: number | undefined): Promise<Changes> {
  const newest = await db
    .selectFrom('events')
    .select('idx')
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  const next = (newest?.idx ?? -1) + 1
  if (from === undefined || from >= next) return { next, changes: [], isPartial: false }
  const rows = await db
    .selectFrom('events')
    .select(['type', 'facility', 'group_id'])
    .where('idx', '>=', from)
    .where('idx', '<', next)
    .orderBy('idx', 'desc')
    .limit(AT_ONCE)
    .execute()
  const changes = rows.map(({ type, facility, group_id: group }) => ({
    type,
    facility: facility ?? undefined,
    group: group ?? undefined,
  }))
  return { next, changes, isPartial: next - from > AT_ONCE }
}
