/** Signatures of a facility's decisions about what is held for it. */
import { createHash } from 'node:crypto'
import { CLOCK_ALLOWANCE_MS } from '../../protocol/clock.js'
import { NocturneError } from '../../lib/errors.js'
import type { QuarantineTable } from '../../state/tables/index.js'
import type { TransferRooms } from '../rooms.js'

export interface SignedStatement {
  readonly statement: string
  /**
   * Armored detached OpenPGP signature of the statement's UTF-8 bytes, by the key of the facility
   * or of the person.
   */
  readonly signature: string
}

/** What every such statement says. */
interface Stated {
  readonly gateway: string
  readonly facility: string
  readonly by?: string | undefined
  readonly signedAt: string
  readonly items: readonly { readonly transfer: string; readonly item: number }[]
}

/**
 * The held item of each item named, in the same order, all of one facility and group.
 *
 * @throws NocturneError `not_found`
 */
export async function rowsOf(
  { state }: Pick<TransferRooms, 'state'>,
  { facility, group }: { readonly facility: string; readonly group: string },
  items: Stated['items'],
): Promise<readonly QuarantineTable[]> {
  const transfers = [...new Set(items.map(({ transfer }) => transfer))]
  const rows = await state.db
    .selectFrom('quarantine')
    .innerJoin('transfers', 'transfers.id', 'quarantine.transfer')
    .selectAll('quarantine')
    .where('quarantine.transfer', 'in', transfers)
    .where('transfers.facility', '=', facility)
    .where('transfers.group_id', '=', group)
    .execute()
  const named = new Map(rows.map((row) => [`${row.transfer} ${String(row.idx)}`, row]))
  return items.map(({ transfer, item }) => {
    const row = named.get(`${transfer} ${String(item)}`)
    if (!row) throw new NocturneError('not_found')
    return row
  })
}

/**
 * Whether the statement is about exactly these items at this gateway, was made after they were
 * held, and is signed by the one who may decide about them.
 */
export async function isDecisionAbout(
  held: readonly QuarantineTable[],
  { gateway, facility, by, signedAt, items }: Stated,
  { statement, signature }: SignedStatement,
  rooms: Pick<TransferRooms, 'gateway' | 'now' | 'directory' | 'verifyDetached'>,
): Promise<boolean> {
  const signed = Date.parse(signedAt)
  const isAboutThem = items.every(({ transfer, item }, index) => {
    const row = held[index]
    return (
      row?.transfer === transfer &&
      row.idx === item &&
      row.facility === facility &&
      signed >= row.created_at - CLOCK_ALLOWANCE_MS
    )
  })
  const isNow = signed <= rooms.now() + CLOCK_ALLOWANCE_MS
  if (!isAboutThem || !isNow || gateway !== rooms.gateway) return false
  // The certificate in effect now, under the current policy: an expired or replaced certificate
  // cannot decide anything.
  const certificate = await signerOf(rooms, facility, by)
  return (
    certificate !== undefined && (await rooms.verifyDetached(statement, signature, certificate))
  )
}

/**
 * The certificate whose signature is required: that of the person named in the statement if the
 * facility lists them in `releasedBy`, or the facility's own if it lists nobody. Undefined for
 * anyone else.
 */
async function signerOf(
  { directory }: Pick<TransferRooms, 'directory'>,
  facility: string,
  by: string | undefined,
): Promise<string | undefined> {
  const named = directory.facility(facility)?.releasedBy ?? []
  if (named.length === 0 && by === undefined)
    return (await directory.facilityRecipient(facility)).certificate
  return by !== undefined && named.includes(by) ? directory.principal(by)?.certificate : undefined
}

/**
 * SHA-256 of statement and signature, recorded in the ledger so that their holder can prove their
 * authenticity.
 */
export const digestsOf = ({ statement, signature }: SignedStatement) => ({
  statement: sha256Of(statement),
  signature: sha256Of(signature),
})

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')
