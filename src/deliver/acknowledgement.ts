/** The reader's signed statement of what was opened. */
import { CLOCK_ALLOWANCE_MS } from '../protocol/clock.js'
import { createHash } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import type { Json } from '../lib/json.js'
import { readAcknowledgement, writeAcknowledgement } from '../protocol/acknowledgement.js'
import { shortfallOf } from '../protocol/outcomes.js'
import type { Outcomes } from '../protocol/outcomes.js'
import type { Principal } from '../directory/index.js'
import type { VerifyDetached } from '../seal/keys/index.js'
import type { Transfer } from '../transfer/index.js'

export interface Acknowledgement {
  /** Canonical JSON (RFC 8785): see the README of this room. */
  readonly statement: string
  /** Armored detached OpenPGP signature of the statement's UTF-8 bytes. */
  readonly signature: string
}

/**
 * Checks that the statement names this gateway, transfer, manifest and reader, and carries the
 * reader's signature. Returns what the ledger records: digests, so that the reader's own copy of
 * the statement can be matched later.
 *
 * @throws NocturneError `acknowledgement_invalid`, `transfer_not_available`
 */
export async function checkAcknowledgement(
  rooms: {
    readonly verifyDetached: VerifyDetached
    readonly gateway: string
    readonly outcomesOf: (transfer: Transfer) => Promise<Outcomes | undefined>
    readonly now: () => number
  },
  reader: Principal,
  transfer: Transfer,
  { statement, signature }: Acknowledgement,
): Promise<Readonly<Record<string, Json>>> {
  const { manifest } = transfer
  if (!manifest) throw new NocturneError('transfer_not_available')
  const read = readAcknowledgement(statement)
  if (!read) throw new NocturneError('acknowledgement_invalid')
  const { openedAt } = read
  const shortfall = shortfallOf(await rooms.outcomesOf(transfer))
  const expected = writeAcknowledgement({
    gateway: rooms.gateway,
    transfer: transfer.id,
    manifest: manifest.digest,
    items: transfer.items,
    // Clients older than these counts do not state them.
    ...(read.lacks && shortfall && { lacks: shortfall }),
    reader: reader.id,
    openedAt,
  })
  const isTimely =
    Date.parse(openedAt) >= (transfer.availableAt ?? 0) - CLOCK_ALLOWANCE_MS &&
    Date.parse(openedAt) <= rooms.now() + CLOCK_ALLOWANCE_MS
  if (statement !== expected || !isTimely) throw new NocturneError('acknowledgement_invalid')
  if (!(await rooms.verifyDetached(statement, signature, reader.certificate))) {
    throw new NocturneError('acknowledgement_invalid')
  }
  return {
    manifest: manifest.digest,
    items: transfer.items,
    ...(shortfall && { lacks: { ...shortfall } }),
    statement: sha256(statement),
    signature: sha256(signature),
    openedAt,
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
