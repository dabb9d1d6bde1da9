/**
 * Collects what the ledger records about a facility's transfers in a period, by transfer, item and
 * reader.
 */
import { NocturneError } from '../lib/errors.js'
import type { Json } from '../lib/json.js'
import type { EventType, Ledger, LedgerRow } from '../ledger/log/index.js'
import { readKeyHistory } from './key-history.js'
import type { KeyPeriod } from './key-history.js'
import { rowsOf, textOf } from './rows.js'

export interface EvidenceScope {
  readonly facility: string
  /** Milliseconds since 1970; `from` is inclusive, `until` exclusive. */
  readonly from: number
  readonly until: number
  /** Only items that belong to these patient handles. */
  readonly patients?: readonly string[]
  /** Only items fetched by this reader. */
  readonly reader?: string
  readonly transfer?: string
}

export interface Fetched {
  readonly reader: string
  readonly times: number
  readonly first: string
  readonly last: string
  /** Index of the entry of the first download. */
  readonly index: number
  /**
   * Bytes of the sealed message that the gateway sent; 0 if every download broke off immediately.
   */
  readonly bytes: number
  readonly fingerprints: readonly string[]
  readonly addresses: readonly string[]
}

export interface ItemEvidence {
  readonly item: number
  readonly kind: string
  readonly patient: string | undefined
  readonly modality: string | undefined
  readonly profile: string | undefined
  readonly size: number
  /** SHA-256 of the sealed data. */
  readonly ciphertext: string | undefined
  readonly pixelsAtRisk: boolean
  readonly fetched: readonly Fetched[]
}

export interface TransferEvidence {
  readonly transfer: string
  readonly group: string
  readonly priority: string
  readonly availableAt: string | undefined
  /**
   * Fingerprints of the keys to which it was sealed, originally or later; includes removed ones.
   */
  readonly sealedTo: readonly string[]
  readonly acknowledged:
    { readonly by: string; readonly at: string; readonly index: number } | undefined
  readonly items: readonly ItemEvidence[]
}

export interface Evidence {
  readonly scope: EvidenceScope
  /** Number of log entries from which this was made. */
  readonly size: number
  readonly checkpoint: string
  readonly transfers: readonly TransferEvidence[]
  readonly keys: readonly KeyPeriod[]
  /**
   * Refused requests and failed sign-ins in the period. Counted for all facilities, because an
   * outsider's request names none.
   */
  readonly refusals: number
}

/**
 * Limits a report to what a person can read and memory can hold; longer periods must be requested
 * in parts.
 */
const MAX_TRANSFERS = 10_000
const MAX_ITEMS = 200_000

/**
 * The transfers that became available in the period or were fetched in it, with everything fetched
 * in it.
 *
 * @throws NocturneError `report_too_large`, `database_unavailable`, `ledger_broken`
 */
export async function collectEvidence(ledger: Ledger, scope: EvidenceScope): Promise<Evidence> {
  const checkpoint = await ledger.checkpoint()
  const size = Number(checkpoint.split('\n')[1])
  const { facility, from, until, patients, reader, transfer } = scope
  const period = { facility, from, until, end: size, ...(transfer !== undefined && { transfer }) }
  const ids = new Set<string>()
  const types: readonly EventType[] =
    reader === undefined ? ['transfer.available', 'download.begun'] : ['download.begun']
  const touched = { ...period, types, ...(reader !== undefined && { actor: reader }) }
  for await (const { entry } of rowsOf(ledger, touched)) {
    if (entry.transfer !== undefined) ids.add(entry.transfer)
    if (ids.size > MAX_TRANSFERS) throw new NocturneError('report_too_large')
  }
  const transfers: TransferEvidence[] = []
  let count = 0
  for (const id of ids) {
    const found = await readTransfer(ledger, id, size, scope)
    const items = patients ? ofPatients(found.items, patients) : found.items
    count += items.length
    if (count > MAX_ITEMS) throw new NocturneError('report_too_large')
    if (items.length > 0 || !patients) transfers.push({ ...found, items })
  }
  const refusals = await ledger.count(
    { types: ['access.refused', 'signin.failed'], from, until },
    size,
  )
  const keys = await readKeyHistory(ledger, size)
  return { scope, size, checkpoint, transfers, keys, refusals }
}

/**
 * A document names no patient. If all instances in its transfer belong to one patient, it is
 * attributed to that patient; otherwise it is left out.
 */
function ofPatients(
  items: readonly ItemEvidence[],
  patients: readonly string[],
): readonly ItemEvidence[] {
  const named = new Set(items.flatMap(({ patient }) => (patient === undefined ? [] : [patient])))
  const [only] = named
  return items.filter(({ patient }) => {
    const whose = patient ?? (named.size === 1 ? only : undefined)
    return whose !== undefined && patients.includes(whose)
  })
}

const TOLD: readonly EventType[] = [
  'transfer.begun',
  'item.accepted',
  'transfer.available',
  'transfer.acknowledged',
  'recipient.added',
  'download.begun',
  'download.ended',
]

async function readTransfer(
  ledger: Ledger,
  transfer: string,
  end: number,
  { from, until, reader }: EvidenceScope,
): Promise<TransferEvidence> {
  let [group, priority] = ['', '']
  let availableAt: string | undefined
  let acknowledged: TransferEvidence['acknowledged']
  const sealedTo = new Set<string>()
  const items: Omit<ItemEvidence, 'fetched'>[] = []
  const fetched = new Map<number, Map<string, Fetched>>()
  /** Downloads that have not ended yet, by ID. */
  const open = new Map<string, { readonly item: number; readonly reader: string }>()

  for await (const row of rowsOf(ledger, { transfer, types: TOLD, end })) {
    const { entry, index } = row
    const { detail = {}, actor, time, item = 0 } = entry
    const isInPeriod = Date.parse(time) >= from && Date.parse(time) < until
    switch (entry.type) {
      case 'transfer.begun':
        priority = textOf(detail.priority) ?? priority
        group = entry.group ?? group
        break
      case 'transfer.available':
        availableAt = time
        for (const fingerprint of textsOf(detail.recipients)) sealedTo.add(fingerprint)
        break
      case 'recipient.added':
        sealedTo.add(textOf(detail.fingerprint) ?? '')
        break
      case 'transfer.acknowledged':
        acknowledged = { by: actor.id, at: time, index }
        break
      case 'item.accepted':
        items.push(itemOf(row))
        break
      case 'download.begun':
        if (item === 0 || !isInPeriod || (reader !== undefined && reader !== actor.id)) break
        add(fetched, item, row)
        open.set(textOf(detail.download) ?? '', { item, reader: actor.id })
        break
      case 'download.ended':
        addBytes(fetched, open.get(entry.related ?? ''), detail.bytes)
        open.delete(entry.related ?? '')
        break
    }
  }
  return {
    ...{ transfer, group, priority, availableAt, acknowledged },
    sealedTo: [...sealedTo],
    items: items.map((one) => ({
      ...one,
      fetched: [...(fetched.get(one.item)?.values() ?? [])],
    })),
  }
}

function itemOf({ entry }: LedgerRow): Omit<ItemEvidence, 'fetched'> {
  const { detail = {}, item = 0, patient } = entry
  return {
    item,
    kind: textOf(detail.kind) ?? '',
    patient,
    modality: textOf(detail.modality),
    profile: textOf(detail.profile),
    size: typeof detail.size === 'number' ? detail.size : 0,
    ciphertext: textOf(detail.ciphertext),
    pixelsAtRisk: detail.pixelsAtRisk === true,
  }
}

/** Adds the bytes that the gateway sent in a completed download. */
function addBytes(
  fetched: ReadonlyMap<number, Map<string, Fetched>>,
  begun: { readonly item: number; readonly reader: string } | undefined,
  bytes: Json | undefined,
): void {
  const readers = begun && fetched.get(begun.item)
  const before = begun && readers?.get(begun.reader)
  if (!readers || !before || typeof bytes !== 'number') return
  readers.set(begun.reader, { ...before, bytes: before.bytes + bytes })
}

/**
 * 164.528(b)(3): for repeated disclosures to one recipient, the first, the number, and the last.
 */
function add(
  fetched: Map<number, Map<string, Fetched>>,
  item: number,
  { entry, index }: LedgerRow,
): void {
  const { actor, time, detail = {} } = entry
  const readers = fetched.get(item) ?? new Map<string, Fetched>()
  const before = readers.get(actor.id) ?? {
    ...{ reader: actor.id, times: 0, first: time, last: time, index, bytes: 0 },
    ...{ fingerprints: [], addresses: [] },
  }
  readers.set(actor.id, {
    ...before,
    times: before.times + 1,
    last: time,
    fingerprints: withNew(before.fingerprints, textOf(detail.fingerprint)),
    addresses: withNew(before.addresses, actor.address),
  })
  fetched.set(item, readers)
}

const withNew = (known: readonly string[], one: string | undefined): readonly string[] =>
  one === undefined || known.includes(one) ? known : [...known, one]

const textsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
