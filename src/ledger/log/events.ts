/** What the ledger records: the envelope of an event, and the catalogue of event types. */
import type { Json } from '../../lib/json.js'
import type { ActorRole } from '../../protocol/roles.js'

/**
 * Every type of event with its DICOM audit codes (PS3.15 A.5, PS3.16 CID 400 and 401): EventID,
 * then EventTypeCode. `records/shapes.ts` defines how each is written in the standards.
 */
export const EVENT_TYPES = {
  'gateway.started': ['110100', '110120'],
  'gateway.stopped': ['110100', '110121'],
  'software.changed': ['110113', '110131'],
  'config.changed': ['110113', '110131'],
  'schedule.changed': ['110113', '110131'],
  'certificate.changed': ['110113', '110137'],
  'certificate.proposed': ['110113', '110129'],
  'row.mismatched': ['110113', '110135'],
  'rows.sealed': ['110113', '110129'],
  'membership.proposed': ['110113', '110129'],
  'membership.confirmed': ['110113', '110129'],
  'membership.removed': ['110113', '110129'],
  'invitation.made': ['110113', '110129'],
  'invitation.answered': ['110113', '110129'],
  'invitation.ended': ['110113', '110129'],
  'person.enrolled': ['110113', '110136'],
  'person.removed': ['110113', '110136'],
  'key.checked': ['110114'],
  'token.issued': ['110113', '110137'],
  'token.revoked': ['110113', '110137'],
  'signin.succeeded': ['110114', '110122'],
  'signin.failed': ['110114', '110122'],
  'signin.locked': ['110114', '110122'],
  'access.refused': ['110113', '110132'],
  'association.refused': ['110113', '110126'],
  'association.ended': ['110114', '110123'],
  'commitment.reported': ['110101'],
  'requisition.waiting': ['110113'],
  'requisition.matched': ['110111'],
  'requisition.expired': ['110105'],
  'requisition.refused': ['110113', '110132'],
  'priors.asked': ['110111'],
  'priors.retrieved': ['110111'],
  'priors.lost': ['110113'],
  'study.waiting': ['110113'],
  'study.assigned': ['110111'],
  'transfer.begun': ['110102'],
  'item.accepted': ['110103'],
  'item.quarantined': ['110103'],
  'item.refused': ['110103'],
  'item.duplicate': ['110103'],
  'item.released': ['110103'],
  'item.discarded': ['110103'],
  'quarantine.read': ['110103', '110132'],
  'crosswalk.read': ['110103', '110132'],
  'report.recorded': ['110103'],
  'facility.rekeyed': ['110113', '110129'],
  'transfer.extended': ['110104'],
  'transfer.available': ['110104'],
  'transfer.forwarded': ['110104'],
  'transfer.abandoned': ['110104'],
  'transfer.claimed': ['110111'],
  'transfer.released': ['110111'],
  'transfer.acknowledged': ['110103'],
  'transfer.listed': ['110112'],
  'case.opened': ['110104'],
  'case.joined': ['110104'],
  'case.shared': ['110104'],
  'case.completed': ['110111'],
  'case.changed': ['110111'],
  'case.closed': ['110111'],
  'case.recalled': ['110111'],
  'case.exported': ['110106'],
  'note.added': ['110103'],
  'note.read': ['110103', '110132'],
  'report.sent': ['110103'],
  'report.read': ['110103', '110132'],
  'report.acknowledged': ['110103'],
  'feedback.given': ['110103'],
  'feedback.read': ['110103', '110132'],
  'critical.raised': ['110103'],
  'critical.read': ['110103', '110132'],
  'critical.readback': ['110103'],
  'critical.compared': ['110103'],
  'critical.phoned': ['110103'],
  'critical.missed': ['110113'],
  'claim.overridden': ['110113', '110132'],
  'claim.reassigned': ['110113', '110132'],
  'claim.taken-over': ['110113', '110132'],
  'claim.unproven': ['110113', '110132'],
  'clock.approaching': ['110113'],
  'clock.missed': ['110113'],
  'escalation.step': ['110113'],
  'escalation.unreached': ['110113'],
  'notice.failed': ['110113', '110133'],
  'handover.given': ['110113', '110131'],
  'handover.accepted': ['110113', '110131'],
  'roster.empty': ['110113', '110132'],
  'duty.swapped': ['110113', '110131'],
  'transfer.dumped': ['110106'],
  'content.expired': ['110105'],
  'content.removed': ['110105'],
  'recipient.packets': ['110113', '110132'],
  'recipient.added': ['110113', '110135'],
  'recipient.removed': ['110113', '110135'],
  'download.begun': ['110102'],
  'download.ended': ['110104'],
  'patient.coded': ['110110'],
  'ledger.read': ['110101'],
  'ledger.exported': ['110106'],
  'search.proposed': ['110101'],
  'search.approved': ['110101'],
  'ledger.restored': ['110113', '110134'],
  'ledger.reviewed': ['110101'],
  'ledger.pruned': ['110113', '110132'],
  'prune.proposed': ['110113', '110132'],
  'hold.added': ['110101'],
  'hold.removed': ['110101'],
  'clock.confirmed': ['110113', '110131'],
  'register.added': ['110113', '110129'],
  'register.ended': ['110113', '110129'],
  'statement.made': ['110101'],
  'action.planned': ['110101'],
  'action.done': ['110101'],
  'assessment.made': ['110101'],
  'gate.applied': ['110113', '110132'],
  'reminder.given': ['110113'],
  'backup.made': ['110106'],
  'drill.run': ['110113', '110134'],
  'alert.raised': ['110113'],
  'witness.lost': ['110113', '110126'],
  'witness.regained': ['110113', '110126'],
  'witness.disagreed': ['110113', '110126'],
  'sink.lost': ['110113', '110133'],
  'sink.regained': ['110113', '110134'],
} as const satisfies Record<string, readonly string[]>

export type EventType = keyof typeof EVENT_TYPES

/**
 * The actor: a principal of the configuration, `system`, or an unidentified client (`anonymous`).
 */
export interface Actor {
  readonly id: string
  readonly role: ActorRole
  /** How the actor authenticated; for a token, `token` holds its public ID, never the token. */
  readonly method?: 'token' | 'signature' | 'site'
  readonly token?: string
  /** Network address of the client, for people and machines alike. */
  readonly address?: string
}

export interface EventInput {
  readonly type: EventType
  /** DICOM EventOutcomeIndicator: success, minor, serious, major failure. */
  readonly outcome: 0 | 4 | 8 | 12
  readonly actor: Actor
  readonly facility?: string
  readonly group?: string
  readonly transfer?: string
  /** Item number in the transfer; 0 is the manifest. */
  readonly item?: number
  /** Keyed handle of one patient. */
  readonly patient?: string
  /** IDs of related events: an end event names the ID of its begin event. */
  readonly related?: string
  /**
   * Counts, sizes, digests, fingerprints and codes. Never a name, a token, a file name or free
   * text.
   */
  readonly detail?: Readonly<Record<string, Json>>
}

/**
 * An entry as hashed: the event with its envelope. The nonce keeps a low-entropy event from being
 * guessed from its leaf hash.
 */
export interface LedgerEntry extends EventInput {
  readonly v: 1
  readonly id: string
  readonly nonce: string
  /** RFC 3339 in UTC, with milliseconds. */
  readonly time: string
  /** DICOM EventID and, if there is one, EventTypeCode. */
  readonly dcm: readonly string[]
  /** Name of the gateway that recorded it. */
  readonly gateway: string
}

export interface LedgerRow {
  readonly index: number
  readonly entry: LedgerEntry
}
