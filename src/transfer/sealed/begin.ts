/** The first durable step of a transfer that was sealed at a facility, or the way back into it. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import type { Actor } from '../../ledger/log/index.js'
import type { SealedAnswer } from '../../protocol/sealing/http.js'
import type { SealedTransfer } from '../../protocol/sealing/statement.js'
import type { Db, Tx } from '../../state/index.js'
import { newTransfer } from '../begin.js'
import { expectRoom } from '../quota.js'
import type { TransferRooms } from '../rooms.js'
import type { SignedStatement } from '../quarantine/signed.js'
import { checkRecipients, checkStatement, packetsOf } from './check.js'
import type { CheckedStatement } from './check.js'

/**
 * How long an unfinished transfer is kept after its last packet. The line may be cut for hours, and
 * what arrived before need not be sent again.
 */
export const SEALED_LEASE_MS = 86_400_000

export interface SealedSender {
  readonly actor: Actor
  readonly facility: string
}

/**
 * Sent again, the same statement returns what is still wanted. A transfer that was swept meanwhile
 * begins anew.
 *
 * @throws NocturneError `edge_unknown`, `sealed_invalid`, `edge_signature_invalid`,
 *   `recipients_wrong`, `sealed_packets_invalid`, `transfer_not_open` for an ID that is in use,
 *   `quota_reached`, `too_many_items`, `transfer_too_large`, `ledger_unavailable`
 */
export async function beginSealed(
  rooms: TransferRooms,
  { actor, facility }: SealedSender,
  signed: SignedStatement,
): Promise<SealedAnswer> {
  const checked = await checkStatement(rooms, { id: actor.id, facility }, signed)
  const { stated } = checked
  const known = await findSealed(rooms.state.db, stated.transfer)
  const digest = digestOf(signed.statement)
  if (known && (known.digest !== digest || known.edge !== actor.id))
    throw new NocturneError('transfer_not_open')
  const state = known && (await stateOf(rooms.state.db, stated.transfer))
  if (known && state !== 'abandoned')
    return { id: stated.transfer, state: state ?? '', wanted: await wantedOf(rooms, stated, state) }
  const kept = await checkRecipients(rooms, stated)
  for (const one of [...stated.envelopes, stated.manifest.envelope])
    await packetsOf(rooms, stated, one, kept)
  await expectRoom(rooms, stated)
  await record(rooms, { actor, facility }, { ...checked, ...signed, digest }, known)
  return { id: stated.transfer, state: 'receiving', wanted: numbersOf(stated) }
}

async function record(
  rooms: TransferRooms,
  { actor, facility }: SealedSender,
  given: CheckedStatement & { readonly statement: string; readonly digest: string },
  known: SealedRow | undefined,
): Promise<void> {
  const { stated, certificate, statement, digest } = given
  const { transfer, group, priority, missing, fingerprint } = stated
  const now = rooms.now()
  const envelopes = stated.envelopes.map(({ format }) => ({ id: newId(now), format }))
  await rooms.ledger.record(async (tx) => {
    await rooms.expectSender(tx, { actor, facility })
    await openTransfer(tx, { known, stated, actor, now })
    for (const { id, format } of envelopes)
      await tx
        .insertInto('envelopes')
        .values({ id, transfer, format, state: 'uploading', lease_until: now + SEALED_LEASE_MS })
        .execute()
    await tx
      .insertInto('sealed_transfers')
      .values({
        ...{ transfer, edge: actor.id, fingerprint, certificate, digest, statement },
        ...{ envelopes: JSON.stringify(envelopes.map(({ id }) => id)), created_at: now },
      })
      .execute()
    const sealedBy = { edge: actor.id, fingerprint, statement: digest }
    return {
      value: undefined,
      events: [
        {
          type: 'transfer.begun',
          outcome: 0,
          ...{ actor, facility, group, transfer },
          detail: { priority, items: stated.items.length, missing, sealedBy },
        },
      ],
    }
  })
}

const digestOf = (statement: string): string => createHash('sha256').update(statement).digest('hex')

interface Opening {
  readonly known: SealedRow | undefined
  readonly stated: SealedTransfer
  readonly actor: Actor
  readonly now: number
}

/** @throws NocturneError `transfer_not_open` when the ID is in use */
async function openTransfer(tx: Tx, { known, stated, actor, now }: Opening): Promise<void> {
  const { transfer } = stated
  if (known) {
    await tx.deleteFrom('sealed_objects').where('transfer', '=', transfer).execute()
    await tx.deleteFrom('sealed_transfers').where('transfer', '=', transfer).execute()
    await tx
      .updateTable('transfers')
      .set({ state: 'receiving', created_at: now })
      .where('id', '=', transfer)
      .where('state', '=', 'abandoned')
      .execute()
    return
  }
  const other = await stateOf(tx, transfer)
  if (other !== undefined) throw new NocturneError('transfer_not_open')
  const { facility, group, priority, missing } = stated
  const target = { actor, facility, group, priority, missing }
  await tx
    .insertInto('transfers')
    .values(newTransfer(transfer, target, now))
    .execute()
}

export const findSealed = (db: Db | Tx, transfer: string) =>
  db.selectFrom('sealed_transfers').selectAll().where('transfer', '=', transfer).executeTakeFirst()

export type SealedRow = NonNullable<Awaited<ReturnType<typeof findSealed>>>

export async function stateOf(db: Db | Tx, transfer: string) {
  const row = await db
    .selectFrom('transfers')
    .select('state')
    .where('id', '=', transfer)
    .executeTakeFirst()
  return row?.state
}

const numbersOf = ({ items }: SealedTransfer): readonly number[] => [
  0,
  ...items.map(({ index }) => index),
]

/** Nothing is wanted of a transfer that is complete. */
export async function wantedOf(
  { state: { db } }: Pick<TransferRooms, 'state'>,
  stated: SealedTransfer,
  state: string | undefined,
): Promise<readonly number[]> {
  if (state !== 'receiving') return []
  const rows = await db
    .selectFrom('sealed_objects')
    .select('idx')
    .where('transfer', '=', stated.transfer)
    .execute()
  const arrived = new Set(rows.map(({ idx }) => idx))
  return numbersOf(stated).filter((one) => !arrived.has(one))
}
