/** The items of a dossier, counted in one pass: there may be 200,000. */
import type { Evidence, ItemEvidence, TransferEvidence } from './evidence.js'
import { placedOf } from './exposure.js'
import type { Exposure, Placed } from './exposure.js'

/** Number of items by kind, or by the modality of an instance. */
type Kinds = Map<string, number>

export interface Individual {
  readonly patient: string
  readonly items: number
  readonly kinds: ReadonlyMap<string, number>
  /** The most that happened to one of these items. */
  readonly exposure: Exposure
}

/** Items of one transfer that nobody fetched. */
export interface Unfetched {
  readonly transfer: TransferEvidence
  readonly items: readonly number[]
  readonly patients: ReadonlySet<string>
  readonly couldOpen: readonly string[]
}

export interface Survey {
  readonly items: number
  readonly exposures: Readonly<Record<Exposure, number>>
  readonly kinds: ReadonlyMap<string, number>
  readonly documents: number
  readonly atRisk: number
  readonly fetched: number
  readonly readers: ReadonlySet<string>
  readonly individuals: readonly Individual[]
  readonly unfetched: readonly Unfetched[]
}

const FROM_MOST: readonly Exposure[] = ['opened', 'fetched', 'openable', 'sealed']

export async function surveyOf(evidence: Evidence): Promise<Survey> {
  const exposures = { sealed: 0, openable: 0, fetched: 0, opened: 0 }
  const kinds: Kinds = new Map<string, number>()
  const readers = new Set<string>()
  const individuals = new Map<string, { items: number; kinds: Kinds; most: number }>()
  const unfetched = new Map<
    TransferEvidence,
    { items: number[]; patients: Set<string>; first: Placed }
  >()
  let [items, documents, atRisk, fetched] = [0, 0, 0, 0]
  for await (const placed of placedOf(evidence)) {
    const { item, patient, exposure, transfer } = placed
    items += 1
    exposures[exposure] += 1
    addKind(kinds, item)
    if (item.kind !== 'instance') documents += 1
    if (item.pixelsAtRisk) atRisk += 1
    if (item.fetched.length > 0) fetched += 1
    for (const { reader } of item.fetched) readers.add(reader)
    if (patient !== undefined) {
      const known = individuals.get(patient) ?? {
        items: 0,
        kinds: new Map<string, number>(),
        most: Infinity,
      }
      known.items += 1
      known.most = Math.min(known.most, FROM_MOST.indexOf(exposure))
      addKind(known.kinds, item)
      individuals.set(patient, known)
    }
    if (item.fetched.length === 0) {
      const known = unfetched.get(transfer) ?? { items: [], patients: new Set(), first: placed }
      known.items.push(item.item)
      if (patient !== undefined) known.patients.add(patient)
      unfetched.set(transfer, known)
    }
  }
  return {
    ...{ items, exposures, kinds, documents, atRisk, fetched, readers },
    individuals: [...individuals].map(([patient, { most, ...one }]) => ({
      ...{ patient, ...one },
      exposure: FROM_MOST[most] ?? 'sealed',
    })),
    unfetched: [...unfetched.values()].map(({ first: { transfer, couldOpen }, ...one }) => ({
      ...{ transfer, couldOpen, ...one },
    })),
  }
}

function addKind(kinds: Kinds, { kind, modality }: ItemEvidence): void {
  const name = kind === 'instance' ? (modality ?? 'unknown modality') : 'document'
  kinds.set(name, (kinds.get(name) ?? 0) + 1)
}
