/** Swaps of duty, agreed between two people of a group: rows, each recorded as an event. */
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import type { Tx, Db } from '../state/index.js'
import type { DutySwapTable } from '../state/night/index.js'
import type { Swap } from './roster.js'

export interface NewSwap extends Swap {
  readonly group: string
}

/** Anything longer is not a swap but a different roster, which belongs in the configuration. */
const MAX_SWAP_MS = 31 * 86_400_000

export interface SwapParts {
  readonly ledger: Pick<Ledger, 'record' | 'proof'>
  readonly reads: (person: string, group: string) => boolean
  readonly now: () => number
}

/** @throws NocturneError `not_a_reader`, `swap_invalid` */
export async function recordSwap(
  { ledger, reads, now }: SwapParts,
  actor: Actor,
  swap: NewSwap,
): Promise<{ readonly id: string; readonly receipt: string }> {
  const { group, giver, taker, starts, ends } = swap
  for (const person of [giver, taker])
    if (!reads(person, group)) throw new NocturneError('not_a_reader', { subject: group })
  const isPlausible = starts < ends && ends > now() && ends - starts <= MAX_SWAP_MS
  if (giver === taker || !isPlausible) throw new NocturneError('swap_invalid')
  const id = newId(now())
  const { receipts } = await ledger.record(async (tx) => {
    await insertSwap(tx, { id, ...swap, recordedBy: actor.id, recordedAt: now() })
    const detail = {
      swap: id,
      giver,
      taker,
      starts: new Date(starts).toISOString(),
      ends: new Date(ends).toISOString(),
    }
    return {
      value: undefined,
      events: [{ type: 'duty.swapped', outcome: 0, actor, group, detail }],
    }
  })
  return { id, receipt: await ledger.proof(receipts[0].index) }
}

const insertSwap = (
  tx: Tx,
  swap: NewSwap & {
    readonly id: string
    readonly recordedBy: string
    readonly recordedAt: number
  },
): Promise<unknown> =>
  tx
    .insertInto('duty_swaps')
    .values({
      id: swap.id,
      group_id: swap.group,
      giver: swap.giver,
      taker: swap.taker,
      starts: swap.starts,
      ends: swap.ends,
      recorded_by: swap.recordedBy,
      recorded_at: swap.recordedAt,
      revoked_at: null,
    })
    .execute()

/** The group's swaps that have not ended, in the order in which they were agreed. */
export async function swapsOf(db: Db | Tx, group: string, at: number): Promise<readonly Swap[]> {
  const rows: readonly DutySwapTable[] = await db
    .selectFrom('duty_swaps')
    .selectAll()
    .where('group_id', '=', group)
    .where('ends', '>', at)
    .where('revoked_at', 'is', null)
    .orderBy('recorded_at')
    .orderBy('id')
    .execute()
  return rows.map(({ giver, taker, starts, ends }) => ({ giver, taker, starts, ends }))
}
