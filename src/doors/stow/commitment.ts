/**
 * Storage commitment over DICOMweb (PS3.18 chapter 13): which instances are durable here. The
 * answer is known at once; it stays available under its transaction UID for a while.
 *
 * Results are kept only in memory, because they name instances by their original UIDs.
 */
import { NocturneError } from '../../lib/errors.js'
import type { Actor, EventInput } from '../../ledger/log/index.js'
import type { Deposit, InstanceReference } from '../../transfer/index.js'
import { REASONS } from '../dimse/commitment.js'
import type { JsonDataSet } from './answer.js'
import { valuesOf } from './json-values.js'

export interface WebCommitmentParts {
  /** Returns what is known about each of the facility's instances, in the same order. */
  readonly deposits: (
    facility: string,
    references: readonly InstanceReference[],
  ) => Promise<readonly Deposit[]>
  /** When it resolves, the event is durable. */
  readonly note: (event: EventInput) => Promise<unknown>
}

export interface WebCommitments {
  /**
   * @param body the data set in the DICOM JSON model
   * @throws NocturneError `bad_request`, `too_many_items`; `transaction_in_use`; ledger errors
   */
  request(
    sender: { readonly actor: Actor; readonly facility: string },
    transaction: string,
    body: unknown,
  ): Promise<JsonDataSet>
  /** @throws NocturneError `not_found` */
  result(facility: string, transaction: string): JsonDataSet
}

const UID = /^[0-9]+(\.[0-9]+)*$/
const MOST_REFERENCES = 10_000
/** References of all results that are kept: some 30 MB. */
const MOST_KEPT = 100_000

export function createWebCommitments(parts: WebCommitmentParts): WebCommitments {
  const results = new Map<string, { readonly size: number; readonly dataSet: JsonDataSet }>()
  const running = new Set<string>()
  let kept = 0
  const keep = (key: string, size: number, dataSet: JsonDataSet): void => {
    results.set(key, { size, dataSet })
    kept += size
    for (const [oldest, one] of results) {
      if (kept <= MOST_KEPT) break
      results.delete(oldest)
      kept -= one.size
    }
  }
  return {
    request: async ({ actor, facility }, transaction, body) => {
      const references = referencesIn(transaction, body)
      const key = `${facility}/${transaction}`
      if (results.has(key) || running.has(key)) throw new NocturneError('transaction_in_use')
      running.add(key)
      try {
        const found = await parts.deposits(facility, references)
        const dataSet = answer(transaction, references, found)
        const committed = found.filter((one) => one === 'stored').length
        const outcome = committed === references.length ? 0 : 4
        const detail = { asked: references.length, committed }
        await parts.note({ type: 'commitment.reported', outcome, actor, facility, detail })
        keep(key, references.length, dataSet)
        return dataSet
      } finally {
        running.delete(key)
      }
    },
    result: (facility, transaction) => {
      const found = results.get(`${facility}/${transaction}`)
      if (!found) throw new NocturneError('not_found')
      return found.dataSet
    },
  }
}

function referencesIn(transaction: string, body: unknown): readonly InstanceReference[] {
  const items = valuesOf(Array.isArray(body) && body.length === 1 ? body[0] : body, '00081199')
  if (items.length > MOST_REFERENCES) throw new NocturneError('too_many_items')
  const references = items.map((item) => ({
    sopClass: uidOf(item, '00081150'),
    sopInstance: uidOf(item, '00081155'),
  }))
  if (!isUid(transaction) || references.length === 0) throw new NocturneError('bad_request')
  return references
}

const isUid = (text: string): boolean => text.length <= 64 && UID.test(text)

function uidOf(item: unknown, tag: string): string {
  const [uid] = valuesOf(item, tag)
  if (typeof uid !== 'string' || !isUid(uid)) throw new NocturneError('bad_request')
  return uid
}

function answer(
  transaction: string,
  references: readonly InstanceReference[],
  found: readonly Deposit[],
): JsonDataSet {
  const items = references.map(({ sopClass, sopInstance }, at) => ({
    deposit: found[at] ?? ('away' as const),
    reference: {
      '00081150': { vr: 'UI' as const, Value: [sopClass] },
      '00081155': { vr: 'UI' as const, Value: [sopInstance] },
    },
  }))
  const failed = items
    .filter(({ deposit }) => deposit !== 'stored')
    .map(({ deposit, reference }) => ({
      ...reference,
      '00081197': { vr: 'US' as const, Value: [REASONS[deposit]] },
    }))
  const stored = items.filter(({ deposit }) => deposit === 'stored')
  return {
    '00081195': { vr: 'UI', Value: [transaction] },
    ...(failed.length > 0 && { '00081198': { vr: 'SQ' as const, Value: failed } }),
    ...(stored.length > 0 && {
      '00081199': { vr: 'SQ' as const, Value: stored.map(({ reference }) => reference) },
    }),
  }
}
