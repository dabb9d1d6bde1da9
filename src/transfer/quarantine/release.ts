/**
 * Release from quarantine. The gateway cannot open what it holds, so the facility sends the
 * original again with a signed statement. The findings named in the statement are waived for
 * exactly these bytes; all other checks still apply.
 */
import { createHmac } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import type { EventInput } from '../../ledger/log/index.js'
import type { Tx } from '../../state/index.js'
import type { QuarantineTable } from '../../state/tables/index.js'
import type { TransferRooms } from '../rooms.js'
import { isWaivable, readRelease, readReleases } from '../../protocol/release-statement.js'
import type { ReleaseReason, Waivable } from '../../protocol/release-statement.js'
import { digestsOf, isDecisionAbout, rowsOf } from './signed.js'
import type { SignedStatement } from './signed.js'

/** One original that may be resubmitted. */
export interface ReleasedItem {
  readonly quarantine: string
  readonly transfer: string
  readonly item: number
  /** The finding it was held for, and any further findings that the facility has reviewed. */
  readonly waived: readonly Waivable[]
  /** The SHA-256 that the resubmitted bytes must have, hexadecimal. */
  readonly sha256: string
}

/** A valid release: the statement is signed and names held items. */
export interface QuarantineRelease {
  readonly facility: string
  /** The person at the facility who signed; undefined when the facility's own key did. */
  readonly by: string | undefined
  /** In the order in which they will be sent. */
  readonly items: readonly ReleasedItem[]
  readonly reason: ReleaseReason
  /**
   * SHA-256 of statement and signature, recorded in the ledger so that their holder can prove their
   * authenticity.
   */
  readonly statement: string
  readonly signature: string
}

/** The findings an item was held for, main finding first. */
export const findingsOf = ({
  code,
  also,
}: Pick<QuarantineTable, 'code' | 'also'>): readonly Code[] =>
  [code, ...(also?.split(' ') ?? [])] as Code[]

/**
 * Keyed, so that someone with access to the database cannot test whether a known document was held.
 */
export const originalDigest = (secret: Buffer, sha256: string): string =>
  createHmac('sha256', secret).update(`nocturne/quarantine/v1\0${sha256}`).digest('hex')

/**
 * Checks a release of one item.
 * @throws NocturneError `quarantine_not_held`, `not_waivable`, `release_invalid`,
 *   `recipient_unusable`
 */
export async function checkRelease(
  rooms: TransferRooms,
  held: QuarantineTable,
  signed: SignedStatement,
): Promise<QuarantineRelease> {
  const statement = readRelease(signed.statement)
  if (!statement) throw new NocturneError(held.state === 'held' ? 'release_invalid' : NOT_HELD)
  const { transfer, item, codes, sha256, ...about } = statement
  const items = [{ transfer, item, codes, sha256 }]
  return check(rooms, { ...about, items, by: undefined }, [held], signed)
}

/**
 * Checks a release of several items of one facility and group together.
 *
 * @throws NocturneError `quarantine_not_held`, `not_waivable`, `release_invalid`,
 *   `recipient_unusable`, `not_found`
 */
export async function checkReleases(
  rooms: TransferRooms,
  transfer: { readonly facility: string; readonly group: string },
  signed: SignedStatement,
): Promise<QuarantineRelease> {
  const statement = readReleases(signed.statement)
  if (!statement) throw new NocturneError('release_invalid')
  const held = await rowsOf(rooms, transfer, statement.items)
  return check(rooms, { ...statement, by: statement.by }, held, signed)
}

const NOT_HELD = 'quarantine_not_held'

interface Stated {
  readonly gateway: string
  readonly facility: string
  readonly by: string | undefined
  readonly reason: ReleaseReason
  readonly signedAt: string
  readonly items: readonly (Pick<ReleasedItem, 'transfer' | 'item' | 'sha256'> & {
    readonly codes: readonly Waivable[]
  })[]
}

/**
 * @param held one row per item in the statement, in the same order
 */
async function check(
  rooms: TransferRooms,
  stated: Stated,
  held: readonly QuarantineTable[],
  signed: SignedStatement,
): Promise<QuarantineRelease> {
  const { facility, by, reason, items } = stated
  if (held.some(({ state }) => state !== 'held')) throw new NocturneError(NOT_HELD)
  if (held.some((row) => row.digest === null || !findingsOf(row).every(isWaivable)))
    throw new NocturneError('not_waivable')
  if (held.some((row) => row.facility !== facility)) throw new NocturneError('release_invalid')
  const secrets = rooms.facilityKeys.secretsOf(facility)
  const isWhatWasHeld = items.every(({ codes, sha256 }, index) => {
    const row = held[index]
    return (
      row !== undefined &&
      findingsOf(row).every((code) => codes.some((one) => one === code)) &&
      secrets.some((secret) => originalDigest(secret, sha256) === row.digest)
    )
  })
  if (!isWhatWasHeld || !(await isDecisionAbout(held, stated, signed, rooms)))
    throw new NocturneError('release_invalid')
  return {
    facility,
    by,
    items: items.map(({ codes, ...item }, index) => ({
      ...item,
      waived: codes,
      quarantine: held[index]?.id ?? '',
    })),
    reason,
    ...digestsOf(signed),
  }
}

/**
 * Runs inside the commit that makes the item visible.
 * @throws NocturneError `quarantine_not_held` when another decision was first
 */
export async function closeQuarantine(
  tx: Tx,
  { quarantine }: Pick<ReleasedItem, 'quarantine'>,
  now: number,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('quarantine')
    .set({ state: 'released', decided_at: now })
    .where('id', '=', quarantine)
    .where('state', '=', 'held')
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NocturneError(NOT_HELD)
}

export const releasedEvent = (
  release: QuarantineRelease,
  { transfer, item, waived }: ReleasedItem,
  successor: { readonly transfer: string; readonly item: number; readonly begun: string },
  common: Pick<EventInput, 'actor' | 'group' | 'patient'>,
): EventInput => ({
  ...common,
  type: 'item.released',
  outcome: 0,
  facility: release.facility,
  transfer,
  item,
  related: successor.begun,
  detail: {
    codes: [...waived],
    reason: release.reason,
    ...(release.by !== undefined && { by: release.by }),
    statement: release.statement,
    signature: release.signature,
    successor: successor.transfer,
    successorItem: successor.item,
  },
})
