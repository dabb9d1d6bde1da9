/** The kinds of register entry and their fields, as data, for the command, the pages and files. */
import { DECISIONS } from '../protocol/incident-decision.js'

export const REGISTER_KINDS = [
  'organisation',
  'agreement',
  'training',
  'policy',
  'privilege',
  'device',
  'vendor',
  'sanction',
  'incident',
] as const

export type RegisterKind = (typeof REGISTER_KINDS)[number]

export type FieldValue = string | boolean | readonly string[]
export type EntryData = Readonly<Record<string, FieldValue>>

export interface RegisterEntry {
  readonly id: string
  readonly kind: RegisterKind
  /** Who or what the entry is about: an ID from the configuration, or one of its own. */
  readonly subject: string
  readonly data: EntryData
  /** `YYYY-MM-DD`: the last day on which it is in force. */
  readonly until: string | undefined
  readonly createdAt: number
  readonly createdBy: string
  readonly endedAt: number | undefined
}

export interface Action {
  readonly id: string
  /** Id of a row of the protocol. */
  readonly row: string
  readonly owner: string
  readonly due: string
  readonly text: string
  readonly createdAt: number
  readonly doneAt: number | undefined
  /** Evidence that it was done: text, or the digest of a document. */
  readonly evidence: string | undefined
}

export interface IncidentSummary {
  readonly id: string
  readonly discoveredAt: number
  readonly state: 'open' | 'decided'
  /** The deadline for notifying individuals, unless it was decided that this is not a breach. */
  readonly dueAt: number
  /** When it was decided that this is not a breach, or when the individuals were notified. */
  readonly decidedAt: number | undefined
}

/**
 * How a field is written and validated. `ids` and `cites` are lists, separated by commas in text
 * form; a `note` may have several lines.
 */
export interface Field {
  readonly type: 'id' | 'ids' | 'text' | 'note' | 'date' | 'flag' | 'choice' | 'cites' | 'digest'
  readonly label: string
  readonly isRequired?: boolean
  readonly choices?: readonly string[]
}

export interface KindRules {
  readonly title: string
  /** The field whose value becomes the subject of an entry. */
  readonly subject: string
  /** The field with the last day on which the entry is in force. */
  readonly until?: string
  readonly fields: Readonly<Record<string, Field>>
}

const id = (label: string): Field => ({ type: 'id', label, isRequired: true })
const text = (label: string, isRequired = true): Field => ({ type: 'text', label, isRequired })
const date = (label: string, isRequired = true): Field => ({ type: 'date', label, isRequired })
const flag = (label: string): Field => ({ type: 'flag', label })
const note = (label: string): Field => ({ type: 'note', label })
const digest = (label: string): Field => ({ type: 'digest', label })
const choice = (label: string, ...choices: readonly string[]): Field => ({
  ...{ type: 'choice', label, isRequired: true, choices },
})

export const POLICY_TYPES = [
  'policy',
  'procedure',
  'plan',
  'risk-analysis',
  'criticality-analysis',
  'access-review',
  'notice',
] as const

export const KIND_RULES: Readonly<Record<RegisterKind, KindRules>> = {
  organisation: {
    title: 'Organisations',
    subject: 'organisation',
    fields: {
      organisation: id('facility or group, or another ID'),
      name: text('name'),
      address: text('address'),
      contact: text('contact person'),
      email: text('e-mail address', false),
      phone: text('telephone', false),
      role: choice('role', 'covered-entity', 'business-associate', 'other'),
      own: flag('runs this gateway'),
      clearinghouse: flag('is or has a health care clearinghouse'),
      healthPlan: flag('is a group health plan'),
    },
  },
  agreement: {
    title: 'Agreements',
    subject: 'party',
    until: 'until',
    fields: {
      party: id('facility, group or vendor'),
      type: choice('type', 'baa', 'mou', 'subcontractor'),
      signed: date('signed on'),
      review: date('review by', false),
      until: date('in force until', false),
      document: digest('SHA-256 of the document'),
      safeguards: flag('164.314(a)(2)(i)(A): complies with the Security Rule'),
      subcontractors: flag('164.314(a)(2)(i)(B): binds its subcontractors'),
      reportsIncidents: flag('164.314(a)(2)(i)(C): reports incidents and breaches'),
      returnsPhi: flag('164.504(e)(2)(ii)(J): returns or destroys PHI at its end'),
    },
  },
  training: {
    title: 'Training',
    subject: 'person',
    until: 'until',
    fields: {
      person: id('person'),
      topic: choice('topic', 'hipaa', 'security', 'reminder', 'incident-response', 'gateway'),
      completed: date('completed on'),
      until: date('valid until'),
      atHire: flag('given at hire'),
      document: digest('SHA-256 of the certificate'),
    },
  },
  policy: {
    title: 'Policies and plans',
    subject: 'policy',
    until: 'review',
    fields: {
      policy: id('ID of the document'),
      title: text('title'),
      type: { ...choice('type', ...POLICY_TYPES) },
      covers: { type: 'cites', label: 'citations that it covers', isRequired: true },
      version: text('version'),
      effective: date('in force from'),
      review: date('review by'),
      document: digest('SHA-256 of the document'),
      acknowledged: { type: 'ids', label: 'people who have acknowledged it' },
    },
  },
  privilege: {
    title: 'Privileges',
    subject: 'reader',
    until: 'until',
    fields: {
      reader: id('reader'),
      facility: id('facility'),
      modalities: { type: 'ids', label: 'modalities, or all', isRequired: true },
      reads: choice('reads', 'preliminary', 'final'),
      licence: text('licence number'),
      state: text('state of the licence'),
      until: date('end of licence and privilege'),
    },
  },
  device: {
    title: 'Devices and media',
    subject: 'owner',
    fields: {
      owner: id('holder of the device'),
      device: text('serial number or label'),
      type: choice('type', 'workstation', 'laptop', 'phone', 'server', 'media'),
      state: choice('state', 'in-use', 'retired', 'lost'),
      attested: date('attested on'),
      diskEncryption: flag('disk is encrypted'),
      screenLock: flag('locks when idle'),
      supportedSystem: flag('operating system receives updates'),
      malwareProtection: flag('protected against malware'),
      keys: { type: 'ids', label: 'fingerprints of keys that it held' },
      wiped: date('wiped or destroyed on', false),
    },
  },
  vendor: {
    title: 'Vendors',
    subject: 'vendor',
    until: 'review',
    fields: {
      vendor: id('id'),
      name: text('name'),
      service: text('service provided'),
      handlesPhi: flag('creates, receives, keeps or sends PHI'),
      questions: date('due-diligence questions answered on', false),
      review: date('review by'),
      document: digest('SHA-256 of the answers'),
    },
  },
  sanction: {
    title: 'Sanctions',
    subject: 'person',
    fields: {
      person: id('person'),
      on: date('applied on'),
      basis: choice('basis', 'policy', 'agreement', 'training'),
    },
  },
  incident: {
    title: 'Incidents',
    subject: 'incident',
    fields: {
      incident: id('ID of its own'),
      kind: choice(
        'kind',
        ...[
          'lost-device',
          'lost-key',
          'wrong-recipient',
          'unauthorised-access',
          'malware',
          'other',
        ],
      ),
      discovered: date('discovered on'),
      readers: { type: 'ids', label: 'readers whose keys or devices are concerned' },
      keys: { type: 'ids', label: 'fingerprints of the keys concerned' },
      from: date('first day on which data may have been exposed', false),
      until: date('last day on which data may have been exposed', false),
      nature: note('(i) nature and extent of the data, and how likely a patient is identified'),
      recipient: note('(ii) who used the data, or to whom it was disclosed'),
      viewed: note('(iii) whether it was acquired or viewed'),
      mitigation: note('(iv) how far the risk has been mitigated'),
      delayedUntil: date('164.412: notification delayed until', false),
      delayKind: { type: 'choice', label: '164.412: statement', choices: ['written', 'oral'] },
      delayedOn: date('164.412: date of the statement', false),
      individuals: { type: 'text', label: 'number of individuals concerned' },
      decided: date('decided on', false),
      decision: { type: 'choice', label: 'decision', choices: DECISIONS },
      assessment: digest('SHA-256 of the four-factor assessment (164.402)'),
      statement: note('the decision as signed'),
      signature: note('signature of the officer on the decision'),
      notified: date('individuals notified on', false),
      reported: date('Secretary notified on', false),
    },
  },
}
