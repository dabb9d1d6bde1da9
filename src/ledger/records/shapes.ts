/**
 * How each type of event is written in the standards, in addition to the DICOM codes in
 * `../log/events.ts`. An event type without a line here does not compile, so every recorded event
 * can be forwarded and displayed.
 */
import type { EventType } from '../log/events.js'

/** CRUD and Execute, as in DICOM's EventActionCode and FHIR's `action`. */
export type Action = 'C' | 'R' | 'U' | 'D' | 'E'

/** RESTful actions that have an IHE BALP profile. */
export type Rest = 'create' | 'read' | 'update' | 'search'

export interface Shape {
  /** Text for people; never varies. */
  readonly title: string
  /**
   * EventActionCode, as PS3.15 A.5.3 prescribes for the EventID. FHIR's action follows `rest` if
   * that is set.
   */
  readonly action: Action
  /**
   * Whether data moves to the gateway or to the actor (for a query: whether the query does). Absent
   * when none moves.
   */
  readonly flow?: 'in' | 'out'
  /** Set for a RESTful action: FHIR records it as such (IHE BALP), DICOM under its EventID. */
  readonly rest?: Rest
  /** What the event is about, besides the patient and transfer that the entry names. */
  readonly about?: 'ledger' | 'query' | 'subject' | 'gateway'
  /** v3-ActReason, if it follows from the type of event. */
  readonly purpose?: 'TREAT' | 'HCOMPL'
  /**
   * Data leaves the gateway's security domain, so DICOM requires the medium to be named (A.5.3.4).
   */
  readonly isExport?: true
}

const alert = (title: string, about: 'subject' | 'gateway' = 'subject'): Shape => ({
  title,
  action: 'E',
  about,
})
const sent = (title: string, rest?: Rest): Shape => ({
  title,
  action: rest === 'update' ? 'U' : 'C',
  flow: 'in',
  purpose: 'TREAT',
  ...(rest && { rest }),
})
const consulted = (title: string): Shape => ({
  title,
  action: 'R',
  about: 'ledger',
  purpose: 'HCOMPL',
})
const handled = (title: string): Shape => ({
  title,
  action: 'U',
  flow: 'in',
  rest: 'update',
  purpose: 'TREAT',
})

export const SHAPES: Readonly<Record<EventType, Shape>> = {
  'gateway.started': { title: 'the gateway started', action: 'E' },
  'gateway.stopped': { title: 'the gateway stopped', action: 'E' },
  'software.changed': alert('the software changed', 'gateway'),
  'config.changed': alert('the configuration changed', 'gateway'),
  'clock.confirmed': alert('an operator confirmed that the clock is right', 'gateway'),
  'schedule.changed': alert('the duty schedule of a group changed', 'gateway'),
  'certificate.changed': alert('a replacement certificate took effect'),
  'certificate.proposed': alert('a replacement certificate is pending confirmation'),
  'row.mismatched': alert(
    'a database row was changed outside the gateway and is not used',
    'gateway',
  ),
  'rows.sealed': alert('MACs were added to rows from an earlier version', 'gateway'),
  'membership.proposed': alert(
    'a reader is to join a group, and waits for confirmation',
    'gateway',
  ),
  'membership.confirmed': alert('a reader joined a group', 'gateway'),
  'membership.removed': alert('a reader left a group', 'gateway'),
  'invitation.made': alert('a person was invited', 'gateway'),
  'invitation.answered': alert('an invited person sent a certificate', 'gateway'),
  'invitation.ended': alert('an invitation was withdrawn or used up', 'gateway'),
  'person.enrolled': alert('an operator confirmed an invited person', 'gateway'),
  'person.removed': alert('an enrolled person was removed', 'gateway'),
  'key.checked': { title: 'a reader proved that their key works', action: 'E', about: 'subject' },
  'token.issued': alert('a token was issued'),
  'token.revoked': alert('a token was revoked'),
  'signin.succeeded': { title: 'a principal signed in', action: 'E' },
  'signin.failed': { title: 'a sign-in failed', action: 'E' },
  'signin.locked': { title: 'a client was locked out after too many failures', action: 'E' },
  'access.refused': alert('a request was refused', 'gateway'),
  'association.refused': alert('a DICOM association was refused', 'gateway'),
  'association.ended': { title: 'a DICOM association that delivered instances ended', action: 'E' },
  'commitment.reported': {
    title: 'a peer asked which of its instances are stored',
    action: 'R',
  },
  'requisition.waiting': alert('a requisition waits for its study'),
  'requisition.matched': handled('a requisition joined the case of its study'),
  'requisition.expired': {
    title: 'a requisition was removed because its study did not come',
    action: 'D',
    about: 'subject',
  },
  'requisition.refused': alert('a requisition was refused', 'gateway'),
  'priors.asked': handled('the PACS of a facility was asked for prior studies'),
  'priors.retrieved': handled('the PACS of a facility was asked to send prior studies'),
  'priors.lost': alert('prior studies will not arrive, because the gateway was restarted'),
  'study.waiting': alert('a study waits until a person names its group'),
  'study.assigned': handled('a person named the group that reads a study'),
  'transfer.begun': { title: 'an upload began', action: 'E', flow: 'in', purpose: 'TREAT' },
  'item.accepted': sent('an item was accepted', 'create'),
  'item.quarantined': sent('an item was quarantined'),
  'item.refused': sent('an item was refused'),
  'item.duplicate': sent('an item was a duplicate'),
  'item.released': handled('the facility released an item from quarantine'),
  'item.discarded': { title: 'a quarantined item was discarded', action: 'D', purpose: 'TREAT' },
  'quarantine.read': {
    title: 'a quarantined item was read',
    action: 'R',
    flow: 'out',
    purpose: 'TREAT',
  },
  'crosswalk.read': { title: 'a sealed crosswalk was read', action: 'R', purpose: 'TREAT' },
  'report.recorded': { title: 'the shape of a de-identification report was recorded', action: 'C' },
  'facility.rekeyed': alert('a facility got a new secret for its pseudonyms'),
  'transfer.extended': sent('an upload to an open transfer ended', 'update'),
  'transfer.available': sent('a transfer became available', 'create'),
  'transfer.forwarded': {
    title: 'the gateway took over a transfer that was sealed here',
    action: 'R',
    flow: 'out',
    purpose: 'TREAT',
  },
  'transfer.abandoned': sent('a transfer was abandoned'),
  'transfer.claimed': handled('a transfer was claimed'),
  'transfer.released': handled('a claim was released'),
  'transfer.acknowledged': handled('a transfer was acknowledged as opened'),
  'transfer.listed': {
    title: 'transfers were listed',
    action: 'E',
    flow: 'in',
    rest: 'search',
    about: 'query',
    purpose: 'TREAT',
  },
  'transfer.dumped': {
    title: 'the sealed files of a transfer were exported',
    action: 'R',
    isExport: true,
  },
  'content.expired': {
    title: 'contents expired under the retention of the site; nobody can open them any more',
    action: 'D',
  },
  'content.removed': { title: 'the stored objects of expired contents were removed', action: 'D' },
  'case.opened': { title: 'a case was opened', action: 'C', purpose: 'TREAT' },
  'case.joined': { title: 'a transfer joined a case', action: 'U', purpose: 'TREAT' },
  'case.shared': {
    title: 'a body region of a case was given to another reader',
    action: 'C',
    purpose: 'TREAT',
  },
  'case.completed': handled('the last part of a shared case was reported'),
  'case.changed': handled('a case was changed'),
  'case.closed': handled('a case was closed'),
  'case.recalled': handled('a case was recalled by its facility'),
  'report.sent': handled('a reader sent a report'),
  'report.read': {
    title: 'a sealed report was read',
    action: 'R',
    flow: 'out',
    purpose: 'TREAT',
  },
  'report.acknowledged': handled('a facility acknowledged a report'),
  'critical.raised': handled('a reader raised a critical result'),
  'critical.read': {
    title: 'a sealed critical result was read',
    action: 'R',
    flow: 'out',
    purpose: 'TREAT',
  },
  'case.exported': {
    title: 'a reader made a de-identified copy of a case',
    action: 'R',
    isExport: true,
  },
  'critical.readback': handled('a person at the facility read a critical result back'),
  'critical.compared': handled('a reader compared a read-back with the finding'),
  'critical.phoned': handled('a reader logged a phone call about a critical result'),
  'critical.missed': alert('a critical result was not read back in time', 'gateway'),
  'claim.overridden': alert('a claim was taken from its holder', 'gateway'),
  'claim.reassigned': alert('an officer assigned a case to a reader', 'gateway'),
  'claim.taken-over': alert(
    'a reader took a case whose previous holder had let the claim expire',
    'gateway',
  ),
  'claim.unproven': alert(
    'a claim was refused for lack of proof that the reader can open the case',
    'gateway',
  ),
  'clock.approaching': alert('a target of a case is approaching', 'gateway'),
  'clock.missed': alert('a target of a case was missed', 'gateway'),
  'escalation.step': alert(
    'people were notified about a waiting case or a critical result',
    'gateway',
  ),
  'escalation.unreached': alert('a step of an escalation reached nobody', 'gateway'),
  'notice.failed': alert('a notification cannot be delivered', 'gateway'),
  'note.added': handled('somebody noted something on a case'),
  'note.read': handled('the notes on a case were read'),
  'feedback.given': handled('feedback on a report was given'),
  'feedback.read': handled('the author of a report read feedback on it'),
  'handover.given': alert('a reader handed over to the next one', 'gateway'),
  'handover.accepted': alert('a reader accepted a hand-over', 'gateway'),
  'roster.empty': alert(
    'studies were sealed to a whole group because its roster names nobody',
    'gateway',
  ),
  'duty.swapped': alert('the duty roster was changed by a swap', 'gateway'),
  'recipient.packets': alert('the key packets of a transfer were read'),
  'recipient.added': alert('a transfer was sealed to another recipient'),
  'recipient.removed': alert('the key packets of a recipient were removed'),
  'download.begun': { title: 'a download began', action: 'E', flow: 'out', purpose: 'TREAT' },
  'download.ended': {
    title: 'a download ended',
    action: 'R',
    flow: 'out',
    rest: 'read',
    purpose: 'TREAT',
  },
  'patient.coded': { title: 'a patient got a pseudonym', action: 'C', purpose: 'TREAT' },
  'ledger.read': {
    title: 'the ledger was read',
    action: 'R',
    flow: 'in',
    rest: 'search',
    about: 'ledger',
    purpose: 'HCOMPL',
  },
  'ledger.exported': {
    title: 'the ledger was exported',
    action: 'R',
    about: 'ledger',
    purpose: 'HCOMPL',
    isExport: true,
  },
  'ledger.reviewed': consulted('activity was reviewed'),
  'hold.added': consulted('events were placed under a legal hold'),
  'hold.removed': consulted('a legal hold ended'),
  'prune.proposed': alert('an officer proposed to prune the ledger', 'gateway'),
  'ledger.pruned': alert('entries past their retention were pruned', 'gateway'),
  'search.proposed': consulted(
    'an officer asked for a second officer before searching for a patient',
  ),
  'search.approved': consulted('a second officer agreed to a search for a patient'),
  'ledger.restored': alert('the ledger was restored from the published log', 'gateway'),
  'register.added': alert('an entry was added to a compliance register', 'gateway'),
  'register.ended': alert('an entry of a compliance register ended', 'gateway'),
  'statement.made': consulted('a person stated how a rule is met'),
  'action.planned': consulted('an action to close a gap was planned'),
  'action.done': consulted('an action to close a gap was completed'),
  'assessment.made': consulted('the site was assessed'),
  'gate.applied': alert(
    'a compliance register did not permit a transfer, a claim or a report',
    'gateway',
  ),
  'reminder.given': alert('people were reminded of dates in the registers', 'gateway'),
  'backup.made': { title: 'a sealed backup was made', action: 'R', isExport: true },
  'drill.run': alert('a restore was practised', 'gateway'),
  'alert.raised': alert('an alert was raised', 'gateway'),
  'witness.lost': alert('a witness does not answer'),
  'witness.regained': alert('a witness answers again'),
  'witness.disagreed': alert('a witness has seen another history'),
  'sink.lost': alert('a sink that the ledger is forwarded to cannot be reached'),
  'sink.regained': alert('a sink accepts the ledger again'),
}

const UNKNOWN: Shape = { title: 'an event from a newer gateway', action: 'E' }

/** A newer gateway may share the database, so an entry of unknown type must be shown as well. */
export const shapeOf = (type: string): Shape => (isKnown(type) ? SHAPES[type] : UNKNOWN)

const isKnown = (type: string): type is EventType => Object.hasOwn(SHAPES, type)
