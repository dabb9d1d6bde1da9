/** What the ledger records about one transfer: its items, its keys, and who fetched what. */
import type { EventType, Ledger, LedgerRow } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'
import type { EvidenceScope, Fetched, ItemEvidence, Opened, TransferEvidence } from './evidence.js'
import { rowsOf, textOf } from './rows.js'

const TOLD: readonly EventType[] = [
  'case.joined',
  'case.opened',
  'transfer.begun',
  'item.accepted',
  'transfer.available',
  'transfer.acknowledged',
  'recipient.added',
  'download.begun',
  'download.ended',
]

/** Everything that the ledger records about one transfer, with the downloads in the period. */
export async function readTransfer(
  ledger: Ledger,
  transfer: string,
  end: number,
  { from, until, reader }: EvidenceScope,
): Promise<TransferEvidence> {
  let [group, priority] = ['', '']
  let [availableAt, inCase, code]: (string | undefined)[] = []
  const opened: Opened[] = []
  const sealedTo = new Set<string>()
  const items: Omit<ItemEvidence, 'fetched' | 'mayConcern'>[] = []
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
      case 'case.opened':
      case 'case.joined':
        ;[inCase, code] = [textOf(detail.case) ?? inCase, textOf(detail.code) ?? code]
        break
      case 'transfer.available':
        availableAt = time
        for (const fingerprint of textsOf(detail.recipients)) sealedTo.add(fingerprint)
        break
      case 'recipient.added':
        sealedTo.add(textOf(detail.fingerprint) ?? '')
        break
      case 'transfer.acknowledged':
        opened.push({ by: actor.id, at: time, index })
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
    ...{ transfer, group, priority, availableAt, case: inCase, code },
    ...{ acknowledged: opened.at(-1), openedBy: firstOfEach(opened), sealedTo: [...sealedTo] },
    items: items.map((one) => ({
      ...one,
      mayConcern: [],
      fetched: [...(fetched.get(one.item)?.values() ?? [])],
    })),
  }
}

/** The first statement of each reader. */
const firstOfEach = (opened: readonly Opened[]): readonly Opened[] => [
  ...new Map(opened.toReversed().map((one) => [one.by, one])).values(),
]

function itemOf({ entry }: LedgerRow): Omit<ItemEvidence, 'fetched' | 'mayConcern'> {
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

export const textsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
