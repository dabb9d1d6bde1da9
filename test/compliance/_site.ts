/** Facts of a site with everything in place, and ways to add weaknesses. */
import type { Facts } from '../../src/compliance/facts.js'

export const DAY = 86_400_000
export const AT = Date.parse('2026-03-02T09:00:00Z')
export const day = (days: number): string => new Date(AT + days * DAY).toISOString().slice(0, 10)
const SHA = 'ab'.repeat(32)

type Entries = NonNullable<Facts['registers']>['entries']
export type Kind = keyof Entries
export type Entry = Entries[Kind][number]

let number = 0
export const entry = (kind: Kind, subject: string, data: Entry['data'], until?: string): Entry => ({
  ...{ id: `e${++number}`, kind, subject, data, until },
  ...{ createdAt: AT - 100 * DAY, createdBy: 'officer-1', endedAt: undefined },
})

export const agreement = (party: string, data: Entry['data'] = {}, until?: string): Entry =>
  entry(
    'agreement',
    party,
    {
      ...{ party, type: 'baa', signed: day(-300), document: SHA, review: day(60) },
      ...{ safeguards: true, subcontractors: true, reportsIncidents: true, returnsPhi: true },
      ...data,
    },
    until,
  )

const PEOPLE = ['sender-1', 'reader-1', 'reader-2', 'officer-1', 'operator-1']

const training = (person: string, topic: string): Entry =>
  entry('training', person, { person, topic, completed: day(-30), until: day(335) }, day(335))

const document = (policy: string, type: string, covers: readonly string[]): Entry =>
  entry(
    'policy',
    policy,
    {
      ...{ policy, title: policy, type, covers, version: '1', document: SHA },
      ...{ effective: day(-200), acknowledged: PEOPLE },
    },
    day(100),
  )

const privilege = (reader: string): Entry =>
  entry(
    'privilege',
    reader,
    { reader, facility: 'facility-a', modalities: ['all'], reads: 'preliminary' },
    day(200),
  )

export const device = (owner: string, data: Entry['data'] = {}): Entry =>
  entry('device', owner, {
    ...{ owner, device: `serial of ${owner}`, type: 'workstation', state: 'in-use' },
    ...{ attested: day(-20), diskEncryption: true, screenLock: true, supportedSystem: true },
    ...{ malwareProtection: true, keys: [`key of ${owner}`] },
    ...data,
  })

const certificate = (principal: string) => ({
  ...{ principal, fingerprint: `key of ${principal}`, usableUntil: AT + 400 * DAY },
  ...{ problem: undefined, algorithm: 'ed25519' },
})

const HOLDERS = [...PEOPLE, 'facility-a', 'recovery']

const span = (index: number, days = -1) => ({
  count: 2,
  first: { index: index - 1, time: AT - 300 * DAY },
  last: { index, time: AT + days * DAY },
})

const configuration: NonNullable<Facts['configuration']> = {
  gateway: { name: 'gateway.example.org', isLoopback: false, hasTls: true },
  database: { kind: 'sqlite', isEncryptedOnTheWire: true },
  store: { kind: 'files', isEncryptedOnTheWire: true },
  facilities: [{ id: 'facility-a', groups: ['nights'], documents: 'pass', pixels: 'blank' }],
  groups: [{ id: 'nights', readers: ['reader-1', 'reader-2'], hasDuty: true }],
  people: [
    { id: 'sender-1', role: 'sender', facility: 'facility-a' },
    { id: 'reader-1', role: 'reader' },
    { id: 'reader-2', role: 'reader' },
    { id: 'officer-1', role: 'officer' },
    { id: 'operator-1', role: 'operator' },
  ],
  certificates: HOLDERS.map(certificate),
  witnesses: ['facility-a'],
  sinks: ['siem'],
  retentionYears: 7,
  reviewDays: 7,
  failuresPerMinute: 10,
  archiveDepth: 2,
  allowRsa2048: false,
  enforce: 'block',
  backupTo: '/mnt/backup',
}

const ledger: NonNullable<Facts['ledger']> = {
  size: 500,
  spans: {
    'gateway.started': span(3),
    'certificate.changed': span(11),
    'ledger.reviewed': span(480),
    'signin.failed': span(300, -5),
  },
  review: { last: { at: AT - DAY, by: 'officer-1' }, isOverdue: false, due: 4 },
  proven: {
    'reader-1': { at: AT - 3 * DAY, index: 401 },
    'reader-2': { at: AT - 4 * DAY, index: 402 },
  },
  inEffect: Object.fromEntries(HOLDERS.map((id) => [id, `key of ${id}`])),
  proposed: [],
  witnessedAt: AT - 3_600_000,
  lostSinks: [],
  lastBackup: { at: AT - DAY / 2, index: 490 },
  lastDrill: { at: AT - 40 * DAY, index: 420, ok: true, seconds: 1_800, isOpened: true },
  lastAssessment: { at: AT - 90 * DAY, index: 380 },
}

const CITES = ['164.306', '164.308', '164.310', '164.312', '164.314', '164.316']

const registers = (): NonNullable<Facts['registers']> => ({
  entries: {
    organisation: [
      entry('organisation', 'nights', { organisation: 'nights', own: false }),
      entry('organisation', 'operator', {
        ...{ organisation: 'operator', own: true, clearinghouse: false, healthPlan: false },
      }),
    ],
    agreement: [agreement('facility-a'), agreement('nights'), agreement('cloud')],
    training: [
      ...PEOPLE.map((person) => training(person, 'hipaa')),
      training('reader-1', 'reminder'),
    ],
    policy: [
      document('security', 'policy', CITES),
      document('risk', 'risk-analysis', ['164.308(a)(1)(ii)(A)']),
      document('contingency', 'plan', ['164.308(a)(7)']),
      document('criticality', 'criticality-analysis', ['164.308(a)(7)(ii)(E)']),
      document('access', 'access-review', ['164.308(a)(4)']),
    ],
    privilege: [privilege('reader-1'), privilege('reader-2')],
    device: [
      device('reader-1'),
      device('reader-2'),
      device('reader-1', { state: 'retired', wiped: day(-10), keys: ['an old key'] }),
    ],
    vendor: [
      entry('vendor', 'cloud', {
        ...{ vendor: 'cloud', handlesPhi: true, questions: day(-50), review: day(300) },
      }),
    ],
    sanction: [],
    incident: [],
  },
  actions: [],
  incidents: [
    {
      ...{ id: 'lost-laptop', discoveredAt: AT - 40 * DAY, state: 'decided' },
      ...{ dueAt: AT + 20 * DAY, decidedAt: AT - 30 * DAY },
    },
  ],
})

const system: NonNullable<Facts['system']> = {
  node: 'v24.1.0',
  ledger: { ok: true, size: 500 },
  endpoint: {
    ...{ isTls: true, protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    ...{ takesOldTls: false, certificateUntil: AT + 60 * DAY, refusesAnonymous: true },
  },
  objects: { sampled: 20, sealed: 20, intact: 20 },
  looseFiles: [],
  strayKeys: [],
  tokens: [
    {
      ...{ id: 'tk-1', principal: 'sender-1', method: 'issued' },
      ...{ createdAt: AT - 10 * DAY, expiresAt: AT + 80 * DAY, lastUsedAt: AT - DAY },
    },
    {
      ...{ id: 'tk-2', principal: 'reader-1', method: 'signature' },
      ...{ createdAt: AT - 3_600_000, expiresAt: AT + 3_600_000, lastUsedAt: AT },
    },
  ],
}

/** A site where every check is satisfied. */
export const everythingInPlace = (): Facts => ({
  at: AT,
  configuration,
  ledger,
  registers: registers(),
  system,
})

/** A site just created by `init`, with the gateway running but nothing done yet. */
export const freshSite = (): Facts => ({
  at: AT,
  configuration: { ...configuration, witnesses: [], sinks: [], backupTo: undefined },
  ledger: {
    ...ledger,
    spans: { 'gateway.started': span(1), 'certificate.changed': span(8) },
    review: { last: undefined, isOverdue: false, due: 8 },
    proven: {},
    witnessedAt: undefined,
    lastBackup: undefined,
    lastDrill: undefined,
    lastAssessment: undefined,
  },
  registers: {
    entries: {
      ...{ organisation: [], agreement: [], training: [], policy: [] },
      ...{ privilege: [], device: [], vendor: [], sanction: [], incident: [] },
    },
    actions: [],
    incidents: [],
  },
  system: {
    ...system,
    strayKeys: ['recovery-key.asc'],
    objects: { sampled: 0, sealed: 0, intact: 0 },
  },
})

type Part = 'configuration' | 'ledger' | 'system' | 'registers'

/** A weakness: changes one part of the facts. */
export const change =
  <P extends Part>(part: P, values: Partial<NonNullable<Facts[P]>>) =>
  (facts: Facts): Facts => ({ ...facts, [part]: { ...facts[part], ...values } })

/** A weakness in a register. */
export const register =
  (kind: Kind, edit: (entries: readonly Entry[]) => readonly Entry[]) =>
  (facts: Facts): Facts => {
    const { registers: all } = facts
    if (!all) throw new TypeError('these facts have no registers')
    return {
      ...facts,
      registers: { ...all, entries: { ...all.entries, [kind]: edit(all.entries[kind]) } },
    }
  }

/** Changes the data of all entries about one subject. */
export const edited =
  (subject: string, data: Entry['data'], until?: string) =>
  (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((one) =>
      one.subject === subject
        ? { ...one, data: { ...one.data, ...data }, ...(until !== undefined && { until }) }
        : one,
    )

export const ended =
  (subject: string, at = AT - DAY) =>
  (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((one) => (one.subject === subject ? { ...one, endedAt: at } : one))

/** Facts of a site where nothing could be read. */
export const noFacts = (): Facts => ({
  ...{ at: AT, configuration: undefined, ledger: undefined },
  ...{ registers: undefined, system: undefined },
})
