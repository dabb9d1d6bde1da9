/**
 * The way out of quarantine. The gateway cannot open what it holds, so the facility sends the original again with a
 * signed statement; the findings that it names are waived for these very bytes, and every other check still holds.
 */
import { createHash, createHmac } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
import type { EventInput } from '../ledger/index.js'
import type { QuarantineTable, Tx } from '../state/index.js'
import type { TransferRooms } from './rooms.js'
import { isWaivable, readRelease } from '../protocol/release-statement.js'
import type { ReleaseReason, Waivable } from '../protocol/release-statement.js'

/** A release that may be tried: the statement is signed and names what is held. */
export interface QuarantineRelease {
  readonly quarantine: string
  readonly facility: string
  readonly transfer: string
  readonly item: number
  /** What it was held for, and what else the facility looked at. */
  readonly waived: readonly Waivable[]
  readonly reason: ReleaseReason
  /** SHA-256 that the bytes to come must have, hexadecimal. */
  readonly sha256: string
  /** SHA-256 of statement and signature, for the ledger: who holds them can show that they are those. */
  readonly statement: string
  readonly signature: string
}

export interface SignedRelease {
  readonly statement: string
  /** Armored detached OpenPGP signature of the statement's UTF-8 bytes, by the facility's key. */
  readonly signature: string
}

/** How far the facility's clock may be ahead. */
const CLOCK_SKEW_MS = 5 * 60_000

/** What an item was held for, the first finding first. */
export const findingsOf = ({
  code,
  also,
}: Pick<QuarantineTable, 'code' | 'also'>): readonly Code[] =>
  [code, ...(also?.split(' ') ?? [])] as Code[]

/** Keyed: who reads the database cannot try documents against it. */
export const originalDigest = (secret: Buffer, sha256: string): string =>
  createHmac('sha256', secret).update(`nocturne/quarantine/v1\0${sha256}`).digest('hex')

/** @throws NocturneError `quarantine_not_held`, `not_waivable`, `release_invalid`, `recipient_unusable` */
export async function checkRelease(
  rooms: TransferRooms,
  held: QuarantineTable,
  { statement: text, signature }: SignedRelease,
): Promise<QuarantineRelease> {
  if (held.state !== 'held') throw new NocturneError('quarantine_not_held')
  const statement = readRelease(text)
  if (!statement) throw new NocturneError('release_invalid')
  const { facility, transfer, item, codes, sha256 } = statement
  const found = findingsOf(held)
  if (held.digest === null || !found.every(isWaivable)) throw new NocturneError('not_waivable')
  const isAboutIt =
    statement.gateway === rooms.gateway &&
    facility === held.facility &&
    transfer === held.transfer &&
    item === held.idx &&
    found.every((code) => codes.includes(code)) &&
    Date.parse(statement.signedAt) >= held.created_at - CLOCK_SKEW_MS &&
    Date.parse(statement.signedAt) <= rooms.now() + CLOCK_SKEW_MS
  const isOfIt = rooms.facilityKeys
    .secretsOf(facility)
    .some((secret) => originalDigest(secret, sha256) === held.digest)
  // The certificate in effect, by the policy of today: an expired or replaced one vouches for nothing.
  const { certificate } = await rooms.directory.facilityRecipient(facility)
  if (!isAboutIt || !isOfIt || !(await rooms.verifyDetached(text, signature, certificate)))
    throw new NocturneError('release_invalid')
  return {
    quarantine: held.id,
    facility,
    transfer,
    item,
    waived: codes,
    reason: statement.reason,
    sha256,
    statement: sha256Of(text),
    signature: sha256Of(signature),
  }
}

/** Inside the commit that makes the item visible. @throws NocturneError `quarantine_not_held` when another was first */
export async function closeQuarantine(
  tx: Tx,
  { quarantine }: QuarantineRelease,
  now: number,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('quarantine')
    .set({ state: 'released', decided_at: now })
    .where('id', '=', quarantine)
    .where('state', '=', 'held')
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NocturneError('quarantine_not_held')
}

export const releasedEvent = (
  release: QuarantineRelease,
  successor: { readonly transfer: string; readonly item: number; readonly begun: string },
  common: Pick<EventInput, 'actor' | 'group' | 'patient'>,
): EventInput => ({
  ...common,
  type: 'item.released',
  outcome: 0,
  facility: release.facility,
  transfer: release.transfer,
  item: release.item,
  related: successor.begun,
  detail: {
    codes: [...release.waived],
    reason: release.reason,
    statement: release.statement,
    signature: release.signature,
    successor: successor.transfer,
    successorItem: successor.item,
  },
})

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')
