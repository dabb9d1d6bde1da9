/**
 * Removes what broken requests and dead gateways left behind: unfinished envelopes whose lease has
 * expired, with all objects under their prefix.
 */
import { SYSTEM } from '../lib/actors.js'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
import type { Actor } from '../ledger/log/index.js'
import type { ObjectStore } from '../store/index.js'
import type { BegunEnvelope } from './begin.js'
import { settleGrowing } from './growing.js'
import { removeDecided } from './quarantine/held.js'
import type { TransferRooms } from './rooms.js'
import { forgetOldKeys } from './upload/keys.js'

/**
 * Concurrent deletions share a folder's fsync or a bucket's round trips. A sender whose upload was
 * refused waits for them.
 */
const DELETIONS_AT_ONCE = 32

interface LeftEnvelope {
  readonly id: string
  readonly transfer: string
  readonly actor: Actor
  readonly code: Code
  readonly related?: string
}

/** Never throws: anything that fails here is done by the sweep once the lease has expired. */
export async function abandonEnvelope(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  code: Code,
): Promise<void> {
  const { envelope: id, transfer, target, begunEvent: related } = begun
  try {
    await removeEnvelope(rooms, { id, transfer, actor: target.actor, code, related })
  } catch (error) {
    rooms.logger.warn('an upload was given up; the sweep will remove it', {
      transfer,
      code: asNocturneError(error).code,
    })
  }
}

/**
 * Removes an envelope that was leased for the manifest of a completion that failed: it has no begin
 * event, so it gets no end event. Never throws: anything that fails here is done by the sweep.
 */
export async function forgetEnvelope(
  rooms: TransferRooms,
  transfer: string,
  id: string,
): Promise<void> {
  try {
    if ((await markSwept(rooms, id)) === undefined) return
    await deleteAll(rooms.store, `t/${transfer}/${id}/`)
    await rooms.state.transaction((tx) =>
      tx.deleteFrom('envelopes').where('id', '=', id).where('state', '=', 'swept').execute(),
    )
  } catch (error) {
    rooms.logger.warn('a manifest was given up; the sweep will remove it', {
      transfer,
      code: asNocturneError(error).code,
    })
  }
}

/**
 * Removes envelopes whose lease expired before `leasedBefore` (milliseconds since 1970). Returns
 * how many. Two gateways may sweep at the same time. What this gateway is filling is never removed.
 */
export async function sweep(rooms: TransferRooms, leasedBefore: number): Promise<number> {
  await endUploading(rooms)
  const left = await rooms.state.db
    .selectFrom('envelopes')
    .select(['id', 'transfer', 'state'])
    .where('state', 'in', ['receiving', 'swept', 'growing', 'settling'])
    .where('lease_until', '<', leasedBefore)
    .execute()
  let swept = 0
  for (const { id, transfer, state } of left) {
    if (rooms.leases.isHeld(id)) continue
    swept += 1
    if (state === 'growing' || state === 'settling') await settleGrowing(rooms, { id, transfer })
    else await removeEnvelope(rooms, { id, transfer, actor: SYSTEM, code: 'process_died' })
  }
  await removeDecided(rooms)
  await forgetOldKeys(rooms.state, rooms.now())
  return swept
}

/**
 * What an edge sends outlives restarts, so only its own lease ends it; then it is removed like any
 * other upload, and the edge sends it again.
 */
async function endUploading({ state, now }: TransferRooms): Promise<void> {
  const old = await state.db
    .selectFrom('envelopes')
    .select('id')
    .where('state', '=', 'uploading')
    .where('lease_until', '<', now())
    .execute()
  if (old.length === 0) return
  await state.transaction((tx) =>
    tx
      .updateTable('envelopes')
      .set({ state: 'receiving' })
      .where('state', '=', 'uploading')
      .where('lease_until', '<', now())
      .execute(),
  )
}

/**
 * Marks the envelope `swept` first, so that a gateway that was merely slow can no longer commit it.
 * Then it deletes the objects, and the row last. After a crash at any point the row still exists,
 * and the next sweep continues.
 */
async function removeEnvelope(rooms: TransferRooms, left: LeftEnvelope): Promise<void> {
  const { id, transfer } = left
  const isMarked = await markSwept(rooms, id)
  if (isMarked === undefined) return
  await deleteAll(rooms.store, `t/${transfer}/${id}/`)
  if (!isMarked) return
  const recorded = rooms.ledger.record(async (tx) => {
    const row = await tx
      .selectFrom('transfers')
      .select(['state', 'facility', 'group_id'])
      .where('id', '=', transfer)
      .executeTakeFirstOrThrow()
    const { numDeletedRows } = await tx
      .deleteFrom('envelopes')
      .where('id', '=', id)
      .executeTakeFirst()
    // Another sweep was first: each begin event gets exactly one end event.
    if (numDeletedRows !== 1n) throw new NocturneError('not_found')
    if (row.state === 'receiving') {
      await tx
        .updateTable('transfers')
        .set({ state: 'abandoned' })
        .where('id', '=', transfer)
        .execute()
    }
    return {
      value: undefined,
      events: [
        {
          type: row.state === 'receiving' ? 'transfer.abandoned' : 'transfer.extended',
          outcome: 8,
          actor: left.actor,
          facility: row.facility,
          group: row.group_id,
          transfer,
          ...(left.related !== undefined && { related: left.related }),
          detail: { envelope: id, accepted: 0, code: left.code },
        },
      ],
    }
  })
  await unlessGone(recorded)
}

async function deleteAll(
  store: Pick<ObjectStore, 'list' | 'delete'>,
  prefix: string,
): Promise<void> {
  const keys = store.list(prefix)[Symbol.asyncIterator]()
  const deleteInTurn = async () => {
    for (let next = await keys.next(); next.done !== true; next = await keys.next()) {
      await store.delete(next.value)
    }
  }
  await Promise.all(Array.from({ length: DELETIONS_AT_ONCE }, deleteInTurn))
}

/**
 * True when the row is marked, false when another sweep was first, undefined when the envelope was
 * committed after all.
 */
async function markSwept(rooms: TransferRooms, envelope: string): Promise<boolean | undefined> {
  return rooms.state.transaction(async (tx) => {
    const row = await tx
      .updateTable('envelopes')
      .set({ state: 'swept' })
      .where('id', '=', envelope)
      .where('state', 'in', ['receiving', 'swept'])
      .returning('id')
      .executeTakeFirst()
    if (row) return true
    const committed = await tx
      .selectFrom('envelopes')
      .select('id')
      .where('id', '=', envelope)
      .executeTakeFirst()
    return committed ? undefined : false
  })
}

async function unlessGone(recorded: Promise<unknown>): Promise<void> {
  try {
    await recorded
  } catch (error) {
    if (asNocturneError(error).code !== 'not_found') throw error
  }
}
