import { inSlices } from '../lib/pace.js'
import type { Evidence, ItemEvidence, TransferEvidence } from './evidence.js'

/** How far an item was exposed, from least to most: the first question of a risk assessment. */
export const EXPOSURES = {
  sealed: 'stored sealed; never fetched',
  openable: 'could have been opened: sealed to a key of the reader, who never fetched it',
  fetched: 'fetched sealed, by a holder of a key for it',
  opened: 'fetched, and opened according to a statement signed by the reader',
} as const

export const SHORT: Readonly<Record<keyof typeof EXPOSURES, string>> = {
  sealed: 'never fetched',
  openable: 'that the reader could have opened but never fetched',
  fetched: 'fetched',
  opened: 'opened according to a signed statement',
}

export type Exposure = keyof typeof EXPOSURES

export interface Placed {
  readonly transfer: TransferEvidence
  readonly item: ItemEvidence
  readonly patient: string | undefined
  readonly exposure: Exposure
  /** Principals with a key that it was sealed to, whether they fetched it or not. */
  readonly couldOpen: readonly string[]
}

/** Every item, in the order of the transfers. */
export async function* placedOf({ transfers, keys, scope }: Evidence): AsyncGenerator<Placed> {
  const holders = new Map(keys.map(({ fingerprint, principal }) => [fingerprint, principal]))
  for await (const transfer of inSlices(transfers)) {
    const couldOpen = [...new Set(transfer.sealedTo.map((one) => holders.get(one) ?? one))]
    const opened = new Set(transfer.openedBy.map(({ by }) => by))
    for await (const item of inSlices(transfer.items)) {
      const exposure =
        item.fetched.length === 0
          ? scope.reader === undefined
            ? 'sealed'
            : 'openable'
          : item.fetched.some(({ reader }) => opened.has(reader))
            ? 'opened'
            : 'fetched'
      yield { transfer, item, patient: item.patient, exposure, couldOpen }
    }
  }
}
