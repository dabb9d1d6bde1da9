/**
 * Who may do what, as one table. Anything it does not grant is refused; `test/access/decisions.txt`
 * lists every case.
 */
import { PERSON_ROLES } from '../protocol/roles.js'
import type { Role } from '../protocol/roles.js'
import type { Action, Relation } from './actions.js'

export interface Grant {
  readonly rule: string
  readonly role: Role
  readonly relations: readonly Relation[]
  readonly actions: readonly Action[]
}

export const GRANTS: readonly Grant[] = [
  {
    rule: 'operators invite people and confirm their certificates',
    role: 'operator',
    relations: ['global'],
    actions: ['member.invite'],
  },
  {
    rule: 'operators and officers confirm new readers of a group',
    role: 'operator',
    relations: ['global'],
    actions: ['member.confirm'],
  },
  {
    rule: 'operators and officers confirm new readers of a group',
    role: 'officer',
    relations: ['global'],
    actions: ['member.confirm'],
  },
  {
    rule: 'operators read the metrics',
    role: 'operator',
    relations: ['global'],
    actions: ['gateway.metrics'],
  },
  {
    rule: 'operators see how the site is set up and who is on duty, and revoke tokens',
    role: 'operator',
    relations: ['global'],
    actions: ['site.read', 'token.revoke', 'duty.read'],
  },
  {
    rule: 'senders send',
    role: 'sender',
    relations: ['global'],
    actions: ['transfer.create', 'transfer.list'],
  },
  {
    rule: 'senders and operators give studies that wait to a group',
    role: 'sender',
    relations: ['global'],
    actions: ['intake.list', 'intake.assign'],
  },
  {
    rule: 'senders and operators give studies that wait to a group',
    role: 'operator',
    relations: ['global'],
    actions: ['intake.list', 'intake.assign'],
  },
  {
    rule: 'senders follow the transfers of their facility',
    role: 'sender',
    relations: ['own-facility'],
    actions: ['transfer.read', 'transfer.add', 'transfer.complete'],
  },
  {
    rule: 'senders list the held items of their facility',
    role: 'sender',
    relations: ['global'],
    actions: ['quarantine.list'],
  },
  {
    rule: "senders fetch their facility's crosswalk, sealed to it",
    role: 'sender',
    relations: ['global'],
    actions: ['crosswalk.read'],
  },
  {
    rule: 'senders release or discard the held items of their facility',
    role: 'sender',
    relations: ['own-facility'],
    actions: ['quarantine.read', 'quarantine.discard', 'quarantine.release'],
  },
  {
    rule: 'readers list the cases of their groups',
    role: 'reader',
    relations: ['global'],
    actions: ['transfer.list', 'inbox.read', 'key.check'],
  },
  {
    rule: 'readers see the state of their groups',
    role: 'reader',
    relations: ['own-group', 'sealed-to', 'claimant'],
    actions: ['transfer.read'],
  },
  {
    rule: 'readers claim and open transfers that are sealed to them',
    role: 'reader',
    relations: ['sealed-to', 'claimant'],
    actions: ['transfer.claim', 'manifest.read', 'item.read', 'transfer.acknowledge'],
  },
  {
    rule: "senders fetch the receipts of their facility's transfers",
    role: 'sender',
    relations: ['own-facility'],
    actions: ['receipt.read'],
  },
  {
    rule: 'readers fetch receipts, also of transfers that are no longer sealed to them',
    role: 'reader',
    relations: ['own-group', 'sealed-to', 'claimant'],
    actions: ['receipt.read'],
  },
  {
    rule: 'readers add a colleague as a recipient, and remove one',
    role: 'reader',
    relations: ['sealed-to', 'claimant'],
    actions: ['recipient.add', 'recipient.remove'],
  },
  {
    rule: 'the recovery key gives access to others and reads nothing itself',
    role: 'recovery',
    relations: ['sealed-to'],
    actions: ['transfer.read', 'recipient.add', 'recipient.remove'],
  },
  {
    rule: 'the recovery key is checked before it is needed',
    role: 'recovery',
    relations: ['global'],
    actions: ['key.check'],
  },
  {
    rule: 'the claimant releases the claim',
    role: 'reader',
    relations: ['claimant'],
    actions: ['transfer.release'],
  },
  {
    rule: 'readers copy cases that they can open, de-identified, for teaching and research',
    role: 'reader',
    relations: ['sealed-to', 'claimant'],
    actions: ['case.export'],
  },
  {
    rule: 'readers close cases that were reported elsewhere, and share cases by body region',
    role: 'reader',
    relations: ['sealed-to', 'claimant'],
    actions: ['case.close', 'case.share'],
  },
  {
    rule: "senders recall or close their facility's cases, and set their priority",
    role: 'sender',
    relations: ['own-facility'],
    actions: ['case.close', 'case.recall', 'case.prioritize'],
  },
  {
    rule: 'senders and readers join and split cases',
    role: 'sender',
    relations: ['own-facility'],
    actions: ['case.join', 'case.split'],
  },
  {
    rule: 'senders and readers join and split cases',
    role: 'reader',
    relations: ['sealed-to', 'claimant'],
    actions: ['case.join', 'case.split'],
  },
  {
    rule: "readers report cases that they can open, and read their groups' reports",
    role: 'reader',
    relations: ['sealed-to', 'claimant'],
    actions: ['report.send', 'report.read'],
  },
  {
    rule: "senders fetch and acknowledge the reports on their facility's cases",
    role: 'sender',
    relations: ['own-facility'],
    actions: ['report.read', 'report.acknowledge'],
  },
  {
    rule: 'senders list the reports for their facility',
    role: 'sender',
    relations: ['global'],
    actions: ['report.list'],
  },
  {
    rule: 'readers list the reports of their groups',
    role: 'reader',
    relations: ['global'],
    actions: ['report.list'],
  },
  {
    rule: 'senders and readers note what the other should know about a case',
    role: 'sender',
    relations: ['own-facility'],
    actions: ['case.note'],
  },
  {
    rule: 'senders and readers note what the other should know about a case',
    role: 'reader',
    relations: ['own-group', 'sealed-to', 'claimant'],
    actions: ['case.note'],
  },
  {
    rule: 'senders and readers give feedback on reports, and authors read it',
    role: 'sender',
    relations: ['own-facility'],
    actions: ['feedback.give'],
  },
  {
    rule: 'senders and readers give feedback on reports, and authors read it',
    role: 'reader',
    relations: ['own-group', 'sealed-to', 'claimant'],
    actions: ['feedback.give'],
  },
  {
    rule: 'senders and readers give feedback on reports, and authors read it',
    role: 'sender',
    relations: ['global'],
    actions: ['feedback.list'],
  },
  {
    rule: 'senders and readers give feedback on reports, and authors read it',
    role: 'reader',
    relations: ['global'],
    actions: ['feedback.list'],
  },
  {
    rule: 'officers list the reports that were sent',
    role: 'officer',
    relations: ['global'],
    actions: ['report.list'],
  },
  {
    rule: 'readers see who is on duty, swap shifts, and list hand-overs',
    role: 'reader',
    relations: ['global'],
    actions: ['duty.read', 'duty.swap', 'handover.list'],
  },
  {
    rule: 'officers see who is on duty, record swaps, and list hand-overs',
    role: 'officer',
    relations: ['global'],
    actions: ['duty.read', 'duty.swap', 'handover.list'],
  },
  ...PERSON_ROLES.map((role): Grant => ({
    ...{ rule: 'people choose the browsers in which they are notified', role },
    ...{ relations: ['global'], actions: ['push.subscribe'] },
  })),
  {
    rule: 'officers assign a case to a reader',
    role: 'officer',
    relations: ['none'],
    actions: ['case.reassign'],
  },
  {
    rule: 'officers read the ledger',
    role: 'officer',
    relations: ['global'],
    actions: ['transfer.list', 'audit.read', 'audit.export'],
  },
  {
    rule: 'officers review events, place holds and prune the ledger',
    role: 'officer',
    relations: ['global'],
    actions: ['audit.review', 'audit.hold', 'audit.prune'],
  },
  {
    rule: 'officers assess the site and keep its registers',
    role: 'officer',
    relations: ['global'],
    actions: ['compliance.read', 'compliance.write'],
  },
  {
    rule: 'officers see the state of every transfer',
    role: 'officer',
    relations: ['none'],
    actions: ['transfer.read'],
  },
]
