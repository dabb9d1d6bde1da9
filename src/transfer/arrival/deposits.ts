/**
 * What a facility deposited instance by instance, under keyed handles of the original UIDs: storage
 * commitment requests refer to those UIDs.
 */
import { createHmac } from 'node:crypto'
import type { Tx } from '../../state/index.js'
import type { TransferRooms } from '../rooms.js'

/** An instance under its original UIDs, as the facility knows it. In memory only. */
export interface InstanceReference {
  readonly sopClass: string
  readonly sopInstance: string
}

/**
 * `stored`: durable, available to readers or held for the facility. `away`: the gateway cannot tell
 * at the moment.
 */
export type Deposit = 'stored' | 'unknown' | 'other class' | 'away'

export const depositHandle = (secret: Buffer, sopInstance: string): string =>
  createHmac('sha256', secret).update(`nocturne/deposit/v1\0${sopInstance}`).digest('hex')

/** Writing the same instance again changes nothing. */
export async function writeDeposits(
  tx: Tx,
  deposits: readonly {
    readonly facility: string
    readonly handle: string
    readonly sopClass: string
    readonly transfer: string
  }[],
): Promise<void> {
  if (deposits.length === 0) return
  const rows = deposits.map(({ sopClass: sop_class, ...rest }) => ({ ...rest, sop_class }))
  await tx
    .insertInto('deposits')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['facility', 'handle']).doNothing())
    .execute()
}

/** Maximum number of handles per query, because each is a parameter of one statement. */
const AT_ONCE = 500

/** Returns the results in the order asked. */
export async function findDeposits(
  { state, facilityKeys }: Pick<TransferRooms, 'state' | 'facilityKeys'>,
  facility: string,
  references: readonly InstanceReference[],
): Promise<readonly Deposit[]> {
  // An instance may have arrived before the secret was rotated, so every generation is tried.
  const secrets = facilityKeys.secretsOf(facility)
  const handles = references.map(({ sopInstance }) =>
    secrets.map((secret) => depositHandle(secret, sopInstance)),
  )
  const classes = new Map<string, string>()
  const all = handles.flat()
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const rows = await state.db
      .selectFrom('deposits')
      .select(['handle', 'sop_class'])
      .where('facility', '=', facility)
      .where('handle', 'in', all.slice(at, at + AT_ONCE))
      .execute()
    for (const { handle, sop_class } of rows) classes.set(handle, sop_class)
  }
  return references.map(({ sopClass }, i): Deposit => {
    const found = handles[i]?.map((handle) => classes.get(handle)).find((one) => one !== undefined)
    if (found === undefined) return 'unknown'
    return found === sopClass ? 'stored' : 'other class'
  })
}
