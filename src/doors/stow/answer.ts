/**
 * Builds the answer to a store transaction: a pure function of the outcome of each instance.
 * PS3.18 10.5.3 (status), Annex I (attributes and reasons).
 */

/** PS3.18 Tables I.2-1 and I.2-2, which build on PS3.7 Annex C. */
export const Reason = {
  held: 0xb000,
  outOfResources: 0xa700,
  doesNotMatch: 0xa900,
  cannotUnderstand: 0xc000,
  transferSyntaxNotSupported: 0xc122,
  processingFailure: 0x0110,
  duplicateInstance: 0x0111,
  notAuthorised: 0x0124,
} as const

/** The outcome of one part of the request, or of one file inside it. */
export interface StoreOutcome {
  /** As stated in the instance; undefined if reading did not get that far. */
  readonly sopClass: string | undefined
  readonly sopInstance: string | undefined
  /** Undefined if stored. Reason.held is a warning, all others are failures. */
  readonly reason: number | undefined
  /** The instance itself is not at fault: it may be resent later. */
  readonly isTemporary: boolean
}

/** A data set in the DICOM JSON model (PS3.18 Annex F), limited to what this answer needs. */
export type JsonDataSet = Readonly<Record<string, JsonAttribute>>
export interface JsonAttribute {
  readonly vr: 'SQ' | 'UI' | 'UR' | 'US'
  readonly Value?: readonly (string | number | JsonDataSet)[]
}

export interface StoreAnswer {
  readonly status: 200 | 202 | 400 | 409 | 503
  readonly dataSet: JsonDataSet
  /** Text for the Warning header, made of fixed wording and counts. */
  readonly warning: string | undefined
}

/** @param waiting instances stored whose study waits until a person names its group */
export function answerTo(outcomes: readonly StoreOutcome[], waiting = 0): StoreAnswer {
  const isFailure = ({ reason }: StoreOutcome) => reason !== undefined && reason !== Reason.held
  const stored = outcomes.filter((one) => !isFailure(one))
  const failed = outcomes.filter(isFailure)
  const held = stored.filter(({ reason }) => reason === Reason.held).length
  const named = failed.filter(({ sopClass, sopInstance }) => sopClass && sopInstance)
  const others = failed.filter((one) => !named.includes(one))
  return {
    status: statusOf(stored.length, failed, held),
    dataSet: {
      // Retrieval is not offered here; the attribute is type 2, so it is empty.
      '00081190': { vr: 'UR' },
      ...sequence('00081198', named.map(failedItem)),
      ...sequence('00081199', stored.map(storedItem)),
      ...sequence(
        '0008119A',
        others.map(({ reason }) => ({ '00081197': us(reason) })),
      ),
    },
    warning: warningOf(outcomes.length, { failed: failed.length, held, waiting }),
  }
}

/**
 * If nothing was stored: 503 when it may be resent later, 400 when none of it was DICOM, otherwise
 * 409. If something was stored: 202 when there is anything to report, otherwise 200.
 */
function statusOf(
  stored: number,
  failed: readonly StoreOutcome[],
  held: number,
): StoreAnswer['status'] {
  if (stored > 0) return failed.length > 0 || held > 0 ? 202 : 200
  if (failed.length === 0) return 400
  if (failed.every(({ isTemporary }) => isTemporary)) return 503
  const isUnreadable = ({ sopClass, reason }: StoreOutcome) =>
    sopClass === undefined && reason === Reason.cannotUnderstand
  return failed.every(isUnreadable) ? 400 : 409
}

function warningOf(
  all: number,
  { failed, held, waiting }: Readonly<Record<'failed' | 'held' | 'waiting', number>>,
): string | undefined {
  const parts = [
    ...(failed > 0 ? [`${failed} of ${all} instances were not stored`] : []),
    ...(held > 0 ? [`${held} of ${all} are stored and held for review`] : []),
    ...(waiting > 0
      ? [`${waiting} of ${all} are stored and wait until a person names their reading group`]
      : []),
  ]
  return parts.length > 0 ? parts.join('; ') : undefined
}

const sequence = (tag: string, items: readonly JsonDataSet[]) =>
  items.length > 0 ? { [tag]: { vr: 'SQ' as const, Value: items } } : {}

const referenced = ({ sopClass, sopInstance }: StoreOutcome) => ({
  '00081150': ui(sopClass),
  '00081155': ui(sopInstance),
})

const storedItem = (outcome: StoreOutcome): JsonDataSet => ({
  ...referenced(outcome),
  '00081190': { vr: 'UR' },
  ...(outcome.reason !== undefined && { '00081196': us(outcome.reason) }),
})

const failedItem = (outcome: StoreOutcome): JsonDataSet => ({
  ...referenced(outcome),
  '00081197': us(outcome.reason),
})

const ui = (uid: string | undefined): JsonAttribute =>
  uid === undefined ? { vr: 'UI' } : { vr: 'UI', Value: [uid] }
const us = (value: number | undefined): JsonAttribute => ({ vr: 'US', Value: [value ?? 0] })
