import { sql } from 'kysely'
import { isRetryable } from './failures.js'
import type { Attempt, Tx } from './contract.js'

/**
 * See `State.attempt`. The savepoint is not released until the transaction ends, which saves a
 * round trip: a later savepoint of the same name hides it.
 */
export async function attempt<T>(tx: Tx, change: (tx: Tx) => Promise<T>): Promise<Attempt<T>> {
  await sql`savepoint attempt`.execute(tx)
  let value: T
  try {
    value = await change(tx)
  } catch (reason) {
    if (isRetryable(reason)) throw reason
    await sql`rollback to savepoint attempt`.execute(tx)
    return { ok: false, reason }
  }
  return { ok: true, value }
}
