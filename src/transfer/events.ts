/** The events of a commit: one per item, and one for the request. */
import type { EventInput } from '../ledger/log/index.js'
import type { TransferState } from '../state/tables/index.js'
import type { BegunEnvelope } from './begin.js'
import type { JudgedItem } from './upload/judge.js'
import type { SealedManifest } from './manifest.js'
import { releasedEvent } from './quarantine/release.js'
import type { SentBefore } from './sent-before.js'

type Common = Pick<EventInput, 'actor' | 'facility' | 'group' | 'transfer'>

export interface CommitOutcome {
  readonly state: TransferState
  readonly manifest: SealedManifest | undefined
  /** Handle of the patient, when the transfer became available and concerns exactly one. */
  readonly patient: string | undefined
  readonly shapes: readonly EventInput[]
  /** The transfer that brought the same files before, if any. */
  readonly before: Pick<SentBefore, 'transfer'> | undefined
}

/**
 * @param first number of the first item
 */
export function commitEvents(
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
  first: number,
  { state, manifest, patient, shapes, before }: CommitOutcome,
): [EventInput, ...EventInput[]] {
  const { actor, facility, group } = begun.target
  const common: Common = { actor, facility, group, transfer: begun.transfer }
  const accepted = items.filter(({ outcome }) => outcome === 'accepted').length
  const answered = items.filter(
    ({ outcome }) => outcome === 'accepted' || outcome === 'duplicate',
  ).length
  const last: EventInput = {
    ...common,
    type: manifest
      ? 'transfer.available'
      : state === 'open'
        ? 'transfer.extended'
        : 'transfer.abandoned',
    outcome: answered === items.length ? 0 : 4,
    related: begun.begunEvent,
    ...(patient !== undefined && { patient }),
    detail: {
      envelope: begun.envelope,
      items: items.length,
      accepted,
      ...(before && { sentBefore: before.transfer }),
      ...(manifest && manifestDetail(manifest)),
    },
  }
  const released = begun.target.release?.items
  const [head = last, ...tail] = items.map((item, i) =>
    itemEvent(common, item, first + i, released?.[i]?.waived),
  )
  return head === last
    ? [last]
    : [head, ...tail, ...shapes, ...releasedEvents(begun, items, first), last]
}

/**
 * The events of items that are committed one by one, without one for the request.
 * @param first number of the first item
 */
export function itemEvents(
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
  first: number,
): EventInput[] {
  const { actor, facility, group } = begun.target
  const common: Common = { actor, facility, group, transfer: begun.transfer }
  return items.map((item, i) => itemEvent(common, item, first + i, undefined))
}

function releasedEvents(
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
  first: number,
): EventInput[] {
  const { release, actor, group } = begun.target
  return items.flatMap(({ outcome, settled }, i) => {
    const item = release?.items[i]
    if (!release || !item || outcome !== 'accepted' || settled.outcome !== 'accepted') return []
    const patient = settled.facts?.patient
    const successor = { transfer: begun.transfer, item: first + i, begun: begun.begunEvent }
    const common = { actor, group, ...(patient !== undefined && { patient }) }
    return [releasedEvent(release, item, successor, common)]
  })
}

export const manifestDetail = (manifest: SealedManifest) => ({
  manifest: manifest.digest,
  recipients: manifest.keyPackets.map(({ fingerprint }) => fingerprint),
})

function itemEvent(
  common: Common,
  item: JudgedItem,
  index: number,
  waived: readonly string[] | undefined,
): EventInput {
  const { settled, outcome, code, entry } = item
  const accepted = settled.outcome === 'accepted' ? settled : undefined
  const also = settled.outcome === 'quarantined' ? settled.also : []
  return {
    ...common,
    type: `item.${outcome}`,
    outcome: outcome === 'accepted' || outcome === 'duplicate' ? 0 : 4,
    item: index,
    ...(accepted?.facts?.patient !== undefined && { patient: accepted.facts.patient }),
    detail: {
      kind: settled.kind,
      ...(code && { code }),
      ...(also.length > 0 && { also: [...also] }),
      ...(entry && {
        ciphertext: entry.ciphertext.sha256,
        size: entry.plaintext.size,
        ...(entry.study !== undefined && { study: entry.study }),
        ...(entry.modality !== undefined && { modality: entry.modality }),
        ...(entry.profile !== undefined && { profile: entry.profile }),
        ...(entry.pixelsAtRisk === true && { pixelsAtRisk: true }),
        ...(entry.pixelsBlanked === true && { pixelsBlanked: true }),
        ...(waived && { waived: [...waived] }),
      }),
      ...(accepted?.facts?.idHandle !== undefined && { idHandle: accepted.facts.idHandle }),
      ...(accepted && { actions: { ...accepted.actions } }),
      ...(outcome === 'accepted' &&
        accepted?.report && { report: accepted.report.shape, values: accepted.report.values }),
    },
  }
}
