/**
 * Collects what the ledger records about a facility's transfers in a period, by transfer, item and
 * reader.
 */
import { NocturneError } from '../lib/errors.js'
import type { EventType, Ledger } from '../ledger/log/index.js'
import { attributeDocuments } from './attribution.js'
import { readKeyHistory } from './key-history.js'
import type { Evidence, EvidenceScope, ItemEvidence, TransferEvidence } from './evidence.js'
import { rowsOf } from './rows.js'
import { readNight } from './night.js'
import { readTransfer, textsOf } from './transfer-evidence.js'

/**
 * Limits a report to what a person can read and memory can hold; longer periods must be requested
 * in parts.
 */
const MAX_TRANSFERS = 10_000
const MAX_ITEMS = 200_000

/**
 * The transfers that became available in the period or were fetched in it, with everything fetched
 * in it. For a reader: those that the reader fetched or had a key for.
 *
 * @throws NocturneError `report_too_large`, `database_unavailable`, `ledger_broken`
 */
export async function collectEvidence(ledger: Ledger, scope: EvidenceScope): Promise<Evidence> {
  const checkpoint = await ledger.checkpoint()
  const size = Number(checkpoint.split('\n')[1])
  const { from, until, patients, reader } = scope
  const keys = await readKeyHistory(ledger, size)
  const own = new Set(keys.flatMap((one) => (one.principal === reader ? [one.fingerprint] : [])))
  const { ids, sealedOutside } = await touchedTransfers(ledger, size, scope, own)
  const found: TransferEvidence[] = []
  for (const id of ids) found.push(await readTransfer(ledger, id, size, scope))
  const transfers: TransferEvidence[] = []
  let count = 0
  for (const one of await attributeDocuments(ledger, size, scope.facility, found)) {
    const hasKey = one.sealedTo.some((fingerprint) => own.has(fingerprint))
    const items = one.items.filter(
      (item) =>
        (reader === undefined || hasKey || item.fetched.length > 0) &&
        (!patients || isOf(item, patients)),
    )
    count += items.length
    if (count > MAX_ITEMS) throw new NocturneError('report_too_large')
    if (items.length > 0 || (!patients && reader === undefined)) transfers.push({ ...one, items })
  }
  const refused = { types: ['access.refused', 'signin.failed'], from, until } as const
  const refusals = await ledger.count(refused, size)
  const night = await readNight(ledger, scope, transfers, size)
  return { scope, size, checkpoint, transfers, keys, night, sealedOutside, refusals }
}

/** @param own fingerprints of the reader's keys, past and present */
async function touchedTransfers(
  ledger: Ledger,
  end: number,
  { facility, from, until, reader, transfer }: EvidenceScope,
  own: ReadonlySet<string>,
): Promise<{ readonly ids: ReadonlySet<string>; readonly sealedOutside: number }> {
  const within = { facility, end, ...(transfer !== undefined && { transfer }) }
  const ids = new Set<string>()
  const outside = new Set<string>()
  const add = (to: Set<string>, id: string | undefined) => {
    if (id !== undefined) to.add(id)
    if (ids.size > MAX_TRANSFERS) throw new NocturneError('report_too_large')
  }
  if (reader === undefined) {
    const types: readonly EventType[] = ['transfer.available', 'download.begun']
    for await (const { entry } of rowsOf(ledger, { ...within, from, until, types }))
      add(ids, entry.transfer)
    return { ids, sealedOutside: 0 }
  }
  const sealing: readonly EventType[] = ['transfer.available', 'recipient.added']
  for await (const { entry } of rowsOf(ledger, { ...within, types: sealing })) {
    const { detail = {}, time } = entry
    const fingerprints = [...textsOf(detail.recipients), ...textsOf([detail.fingerprint ?? null])]
    if (!fingerprints.some((one) => own.has(one))) continue
    const isInPeriod = Date.parse(time) >= from && Date.parse(time) < until
    add(isInPeriod ? ids : outside, entry.transfer)
  }
  const fetches = { ...within, from, until, actor: reader, types: ['download.begun'] } as const
  for await (const { entry } of rowsOf(ledger, fetches)) add(ids, entry.transfer)
  return { ids, sealedOutside: [...outside].filter((id) => !ids.has(id)).length }
}

/** Whether an item is one of these patients', or a document that may be. */
const isOf = ({ patient, mayConcern }: ItemEvidence, patients: readonly string[]): boolean =>
  patient === undefined
    ? mayConcern.some((one) => patients.includes(one))
    : patients.includes(patient)
