/** The answer to an upload: the outcome of each part. */
import { CATALOGUE } from '../../lib/errors.js'
import type { Code, Place } from '../../lib/errors.js'
import type { ItemKind, Outcome, TransferState } from '../../state/tables/index.js'
import type { SentBefore } from '../sent-before.js'
import type { JudgedItem } from './judge.js'

export interface ItemAnswer {
  readonly index: number
  /** The part of the request that it came in, from 1. */
  readonly part: number
  readonly kind: ItemKind
  readonly outcome: Outcome
  readonly code?: Code
  readonly hint?: string
  /** Where in the item and why, as far as it is known. */
  readonly where?: Place
}

export interface UploadAnswer {
  readonly id: string
  readonly state: TransferState
  readonly items: readonly ItemAnswer[]
  /**
   * Set when the same files were sent before. If readers have all of them, `id` is the earlier
   * transfer, and no new one was made.
   */
  readonly sentBefore?: { readonly transfer: string; readonly availableAt: string }
  /** c2sp.org/tlog-proof of the last event of this request. */
  readonly receipt: string
}

/** For an answer that is requested later, the receipt is fetched with those of its transfer. */
export type KnownAnswer = Omit<UploadAnswer, 'receipt'>

/** If readers already have all of the files, the answer names the earlier transfer. */
export function uploadAnswerOf(
  made: {
    readonly id: string
    readonly state: TransferState
    /** Number of the first item. */
    readonly first: number
    readonly partOf: readonly number[]
  },
  items: readonly JudgedItem[],
  before: SentBefore | undefined,
): KnownAnswer {
  const isOld = before !== undefined && made.state === 'abandoned'
  return {
    id: isOld ? before.transfer : made.id,
    state: isOld ? before.state : made.state,
    items: items.map((item, i) =>
      answerOf(item, numberIn(before, item) ?? made.first + i, made.partOf[i] ?? 0),
    ),
    ...(before && {
      sentBefore: {
        transfer: before.transfer,
        availableAt: new Date(before.availableAt).toISOString(),
      },
    }),
  }
}

/** An item that readers already have keeps its number in the earlier transfer. */
const numberIn = (before: SentBefore | undefined, { outcome, sourceHandle }: JudgedItem) =>
  outcome === 'duplicate' && sourceHandle !== null ? before?.numbers.get(sourceHandle) : undefined

export const answerOf = (
  { settled, outcome, code }: JudgedItem,
  index: number,
  part: number,
): ItemAnswer => ({
  index,
  part,
  kind: settled.kind,
  outcome,
  ...(code && { code, hint: CATALOGUE[code].hint }),
  ...('place' in settled && settled.place && { where: settled.place }),
})
