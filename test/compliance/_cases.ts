/**
 * For every check: sites that pass it, besides the one with everything in place, and sites that
 * fail it.
 */
import type { Facts } from '../../src/compliance/facts.js'
import {
  agreement,
  AT,
  change,
  day,
  DAY,
  device,
  edited,
  ended,
  everythingInPlace,
  register,
} from './_site.js'

export interface FailingSite {
  /** What is wrong with the site. */
  readonly name: string
  readonly plant: (facts: Facts) => Facts
  /** What the check must report. */
  readonly says: RegExp
}

export interface Cases {
  readonly passing?: Readonly<Record<string, (facts: Facts) => Facts>>
  readonly failing: readonly FailingSite[]
}

const good = everythingInPlace()
const { configuration, ledger, system } = good
if (!configuration || !ledger || !system?.endpoint || !ledger.lastDrill) throw new TypeError()
const [token, session] = system.tokens
if (!token || !session) throw new TypeError()

const fails = (name: string, plant: (facts: Facts) => Facts, says: RegExp): FailingSite => ({
  name,
  plant,
  says,
})

const people = (...more: (typeof configuration.people)[number][]) =>
  change('configuration', { people: [...configuration.people, ...more] })
const certificateOf = (principal: string, values: object) =>
  change('configuration', {
    certificates: configuration.certificates.map((one) =>
      one.principal === principal ? { ...one, ...values } : one,
    ),
  })
const endpoint = (values: object) =>
  change('system', { endpoint: { ...system.endpoint!, ...values } })
const drill = (values: object) =>
  change('ledger', { lastDrill: { ...ledger.lastDrill!, ...values } })
const noDocument = (subject: string) => register('policy', ended(subject))

export const CASES: Readonly<Record<string, Cases>> = {
  'security-official': {
    failing: [
      fails(
        'no officer',
        change('configuration', {
          people: configuration.people.filter(({ role }) => role !== 'officer'),
        }),
        /no person has the role officer/,
      ),
      fails(
        'the officer is the operator',
        certificateOf('officer-1', { fingerprint: 'key of operator-1' }),
        /shares a key with an operator/,
      ),
    ],
  },
  'access-by-role': {
    failing: [
      fails('a sender of no facility', people({ id: 'sender-9', role: 'sender' }), /sender-9/),
      fails('a reader of no group', people({ id: 'reader-9', role: 'reader' }), /reader-9/),
    ],
  },
  'one-key-per-person': {
    failing: [
      fails(
        'two readers share a key',
        certificateOf('reader-2', { fingerprint: 'key of reader-1' }),
        /reader-1 = reader-2/,
      ),
    ],
  },
  'sign-in-limited': {
    failing: [fails('no limit', change('configuration', { failuresPerMinute: 100_000 }), /100000/)],
  },
  'leavers-without-access': {
    passing: {
      'a token that ended': change('system', {
        tokens: [{ ...token, principal: 'gone', expiresAt: AT - 1 }],
      }),
    },
    failing: [
      fails(
        'a token of somebody who left',
        change('system', { tokens: [{ ...token, principal: 'gone' }] }),
        /gone \(token tk-1\)/,
      ),
    ],
  },
  'tokens-end': {
    failing: [
      fails(
        'a token for ten years',
        change('system', { tokens: [{ ...token, expiresAt: AT + 3_650 * DAY }] }),
        /tk-1 is valid for more than/,
      ),
      fails(
        'a forgotten token',
        change('system', {
          tokens: [{ ...token, createdAt: AT - 200 * DAY, lastUsedAt: AT - 150 * DAY }],
        }),
        /tk-1 not used/,
      ),
    ],
  },
  'sessions-end': {
    failing: [
      fails(
        'a session of a week',
        change('system', { tokens: [{ ...session, expiresAt: AT + 7 * DAY }] }),
        /tk-2 of reader-1/,
      ),
    ],
  },
  'refuses-anonymous': {
    failing: [fails('anyone is let in', endpoint({ refusesAnonymous: false }), /was not refused/)],
  },
  'keys-usable': {
    failing: [
      fails(
        'a revoked key',
        certificateOf('reader-1', { problem: 'revoked' }),
        /reader-1: revoked/,
      ),
      fails(
        'a key that ends in a week',
        certificateOf('facility-a', { usableUntil: AT + 7 * DAY }),
        /facility-a: expires on/,
      ),
    ],
  },
  'keys-strong': {
    failing: [fails('RSA 2048', change('configuration', { allowRsa2048: true }), /allowRsa2048/)],
  },
  'recovery-certificate': {
    failing: [
      fails(
        'no recovery certificate',
        change('configuration', {
          certificates: configuration.certificates.filter((c) => c.principal !== 'recovery'),
        }),
        /missing/,
      ),
      fails('an expired one', certificateOf('recovery', { problem: 'expired' }), /expired/),
    ],
  },
  'keys-recorded': {
    failing: [
      fails(
        'a key that was swapped in a file',
        certificateOf('reader-2', { fingerprint: 'another key' }),
        /not in effect yet: reader-2/,
      ),
    ],
  },
  'key-changes-confirmed': {
    passing: {
      'one proposed yesterday': change('ledger', {
        proposed: [{ principal: 'reader-1', at: AT - DAY }],
      }),
    },
    failing: [
      fails(
        'a key that waits for a month',
        change('ledger', { proposed: [{ principal: 'reader-1', at: AT - 30 * DAY }] }),
        /reader-1 since 2026-01-31/,
      ),
    ],
  },
  'keys-proven': {
    failing: [
      fails(
        'a reader who never proved the key',
        change('ledger', { proven: { 'reader-1': { at: AT, index: 1 } } }),
        /reader-2/,
      ),
      fails(
        'a proof of last year',
        change('ledger', {
          proven: { ...ledger.proven, 'reader-1': { at: AT - 200 * DAY, index: 1 } },
        }),
        /reader-1/,
      ),
    ],
  },
  'private-keys-elsewhere': {
    failing: [
      fails(
        'the recovery key is on the gateway',
        change('system', { strayKeys: ['recovery-key.asc'] }),
        /recovery-key\.asc/,
      ),
    ],
  },
  'secrets-private': {
    failing: [
      fails(
        'a secret for everyone',
        change('system', { looseFiles: ['secrets/ledger.pem (0644)'] }),
        /ledger\.pem \(0644\)/,
      ),
    ],
  },
  'ledger-intact': {
    failing: [
      fails(
        'a changed entry',
        change('system', { ledger: { ok: false, size: 500, problem: 'entry 17 was changed' } }),
        /entry 17 was changed/,
      ),
    ],
  },
  'witnesses-named': {
    failing: [fails('no witness', change('configuration', { witnesses: [] }), /nobody outside/)],
  },
  'witnessed-lately': {
    failing: [
      fails('never', change('ledger', { witnessedAt: undefined }), /no witness has ever/),
      fails('last week', change('ledger', { witnessedAt: AT - 7 * DAY }), /2026-02-23/),
    ],
  },
  'sinks-told': {
    failing: [fails('a lost sink', change('ledger', { lostSinks: ['siem'] }), /siem/)],
  },
  'retention-six-years': {
    failing: [fails('one year', change('configuration', { retentionYears: 1 }), /for 1 years/)],
  },
  'events-recorded': {
    failing: [fails('an empty log', change('ledger', { spans: {}, size: 0 }), /gateway\.started/)],
  },
  'activity-reviewed': {
    failing: [
      fails(
        'never',
        change('ledger', { review: { last: undefined, isOverdue: true, due: 9 } }),
        /never reviewed/,
      ),
      fails(
        'a stale review',
        change('ledger', {
          review: { last: { at: AT - 60 * DAY, by: 'officer-1' }, isOverdue: true, due: 9 },
        }),
        /overdue since the one of 2026-01-01/,
      ),
    ],
  },
  'sign-in-failures-reviewed': {
    failing: [
      fails(
        'failures that nobody looked at',
        change('ledger', {
          review: { last: { at: AT - 60 * DAY, by: 'officer-1' }, isOverdue: true, due: 9 },
        }),
        /overdue/,
      ),
    ],
  },
  'evaluated-yearly': {
    failing: [
      fails('never', change('ledger', { lastAssessment: undefined }), /no earlier assessment/),
      fails(
        'two years ago',
        change('ledger', { lastAssessment: { at: AT - 700 * DAY, index: 2 } }),
        /no earlier assessment/,
      ),
    ],
  },
  'transport-configured': {
    passing: {
      'plain on loopback': change('configuration', {
        gateway: { name: 'g', isLoopback: true, hasTls: false },
      }),
    },
    failing: [
      fails(
        'plain beyond this machine',
        change('configuration', { gateway: { name: 'g', isLoopback: false, hasTls: false } }),
        /without TLS/,
      ),
    ],
  },
  'transport-current': {
    failing: [
      fails('no TLS', endpoint({ isTls: false }), /answered without TLS/),
      fails('TLS 1.1', endpoint({ takesOldTls: true }), /TLS 1\.1 was accepted/),
      fails(
        'an ending certificate',
        endpoint({ certificateUntil: AT + DAY }),
        /expires on 2026-03-03/,
      ),
    ],
  },
  'backends-encrypted': {
    failing: [
      fails(
        'a plain database',
        change('configuration', { database: { kind: 'postgres', isEncryptedOnTheWire: false } }),
        /without encryption: database/,
      ),
      fails(
        'a plain store',
        change('configuration', { store: { kind: 's3', isEncryptedOnTheWire: false } }),
        /without encryption: store/,
      ),
    ],
  },
  'stored-sealed': {
    failing: [
      fails(
        'something in the clear',
        change('system', { objects: { sampled: 20, sealed: 19, intact: 20 } }),
        /1 of 20 objects are not encrypted/,
      ),
    ],
  },
  'stored-intact': {
    failing: [
      fails(
        'a changed object',
        change('system', { objects: { sampled: 20, sealed: 20, intact: 18 } }),
        /2 of 20 objects are missing or altered/,
      ),
    ],
  },
  'uploads-bounded': {
    failing: [fails('deep archives', change('configuration', { archiveDepth: 9 }), /depth of 9/)],
  },
  'identity-removed': {
    failing: [
      fails(
        'pixels pass',
        change('configuration', {
          facilities: configuration.facilities.map((one) => ({ ...one, pixels: 'pass' })),
        }),
        /facility-a/,
      ),
    ],
  },
  'software-supported': {
    failing: [
      fails(
        'an old Node.js',
        change('system', { node: 'v18.20.0' }),
        /not a version with long-term/,
      ),
      fails(
        'one past its end',
        (facts) => ({ ...change('system', { node: 'v20.20.2' })(facts), at: AT + 300 * DAY }),
        /no security updates since 2026-04-30/,
      ),
    ],
  },
  'backup-configured': {
    failing: [fails('nowhere', change('configuration', { backupTo: undefined }), /no backup\.to/)],
  },
  'backup-recent': {
    failing: [
      fails('none', change('ledger', { lastBackup: undefined }), /there is no backup/),
      fails(
        'last week',
        change('ledger', { lastBackup: { at: AT - 7 * DAY, index: 9 } }),
        /last backup on 2026-02-23/,
      ),
    ],
  },
  'restore-drilled': {
    failing: [
      fails(
        'never',
        change('ledger', { lastDrill: undefined }),
        /no restore has ever been practised/,
      ),
      fails('it failed', drill({ ok: false }), /failed/),
      fails('two years ago', drill({ at: AT - 700 * DAY }), /the last drill was on/),
      fails('it took too long', drill({ seconds: 400_000 }), /took 400000 s/),
    ],
  },
  'recovery-exercised': {
    failing: [fails('nothing was opened', drill({ isOpened: false }), /recovery key opens/)],
  },
  'agreements-in-force': {
    failing: [
      fails('no BAA with the group', register('agreement', ended('nights')), /nights/),
      fails(
        'a BAA that ended yesterday',
        register('agreement', edited('facility-a', {}, day(-1))),
        /facility-a/,
      ),
      fails(
        'a BAA signed tomorrow',
        register('agreement', edited('facility-a', { signed: day(1) })),
        /facility-a/,
      ),
      fails('a vendor without one', register('agreement', ended('cloud')), /cloud/),
    ],
  },
  'agreements-documented': {
    failing: [
      fails('no document', register('agreement', edited('nights', { document: '' })), /nights/),
      fails(
        'a review that is overdue',
        register('agreement', edited('nights', { review: day(-1) })),
        /nights/,
      ),
      fails(
        'none',
        register('agreement', () => []),
        /none in force/,
      ),
    ],
  },
  ...Object.fromEntries(
    (
      [
        ['agreement-safeguards', 'safeguards'],
        ['agreement-subcontractors', 'subcontractors'],
        ['agreement-incidents', 'reportsIncidents'],
        ['agreement-return', 'returnsPhi'],
      ] as const
    ).map(([id, field]) => [
      id,
      {
        failing: [
          fails(
            'one that does not say so',
            register('agreement', (all) => [...all, agreement('nights', { [field]: false })]),
            /nights/,
          ),
          fails(
            'none',
            register('agreement', () => []),
            /none in force/,
          ),
        ],
      },
    ]),
  ),
  'vendors-questioned': {
    failing: [
      fails(
        'a vendor whose review is overdue',
        register('vendor', edited('cloud', { review: day(-1) })),
        /cloud/,
      ),
      fails(
        'a vendor never asked',
        register('vendor', edited('cloud', { questions: '' })),
        /cloud/,
      ),
    ],
  },
  'training-current': {
    failing: [
      fails(
        'overdue training',
        register('training', edited('reader-2', {}, day(-1))),
        /overdue: reader-2/,
      ),
      fails('somebody new', people({ id: 'reader-9', role: 'reader' }), /reader-9/),
    ],
  },
  'reminders-given': {
    failing: [
      fails(
        'none within a year',
        register('training', edited('reader-1', { completed: day(-500) })),
        /none within a year/,
      ),
    ],
  },
  'privileges-current': {
    failing: [
      fails(
        'a licence that ended',
        register('privilege', edited('reader-1', {}, day(-1))),
        /reader-1 at facility-a/,
      ),
      fails(
        'a privilege at another facility',
        register('privilege', edited('reader-2', { facility: 'facility-b' })),
        /reader-2 at facility-a/,
      ),
    ],
  },
  'devices-registered': {
    failing: [fails('no device', register('device', ended('reader-2')), /reader-2/)],
  },
  'devices-attested': {
    failing: [
      fails(
        'an open disk',
        register('device', edited('reader-2', { diskEncryption: false })),
        /serial of reader-2 of reader-2/,
      ),
      fails(
        'an old attestation',
        register('device', edited('reader-2', { attested: day(-500) })),
        /reader-2/,
      ),
      fails(
        'none',
        register('device', () => []),
        /none registered/,
      ),
    ],
  },
  'devices-guarded': {
    failing: [
      fails(
        'no protection',
        register('device', edited('reader-1', { malwareProtection: false })),
        /reader-1/,
      ),
    ],
  },
  'devices-wiped': {
    failing: [
      fails(
        'a retired disk that was not wiped',
        register('device', (all) => [...all, device('reader-2', { state: 'retired', keys: [] })]),
        /has not been wiped/,
      ),
      fails(
        'a lost laptop whose key is in use',
        register('device', (all) => [...all, device('reader-2', { state: 'lost' })]),
        /held key key of reader-2/,
      ),
    ],
  },
  'risk-analysis': {
    failing: [
      fails('none', noDocument('risk'), /no risk-analysis in force/),
      fails('an old one', register('policy', edited('risk', {}, day(-1))), /no risk-analysis/),
    ],
  },
  'contingency-plan': { failing: [fails('none', noDocument('contingency'), /no plan in force/)] },
  'criticality-analysis': {
    failing: [fails('none', noDocument('criticality'), /no criticality-analysis/)],
  },
  'access-review': { failing: [fails('none', noDocument('access'), /no access-review/)] },
  'sanction-policy': { failing: [fails('none', noDocument('security'), /no sanctions policy/)] },
  'policies-documented': {
    failing: [
      fails('no digest', register('policy', edited('security', { document: '' })), /security/),
      fails(
        'none',
        register('policy', () => []),
        /none registered/,
      ),
    ],
  },
  'policies-reviewed': {
    failing: [
      fails('an old policy', register('policy', edited('security', {}, day(-1))), /security/),
    ],
  },
  'policies-acknowledged': {
    failing: [
      fails(
        'somebody has not read it',
        register('policy', edited('security', { acknowledged: ['officer-1'] })),
        /reader-1: security/,
      ),
    ],
  },
  'actions-on-time': {
    failing: [
      fails(
        'an overdue action',
        change('registers', {
          actions: [
            {
              ...{ id: 'a1', row: 'S-07', owner: 'officer-1', due: day(-1), text: 'review' },
              ...{ createdAt: AT - 9 * DAY, doneAt: undefined, evidence: undefined },
            },
          ],
        }),
        /S-07 \(officer-1, action a1\)/,
      ),
    ],
  },
  'incidents-in-time': {
    failing: [
      fails(
        'an incident of last year',
        change('registers', {
          incidents: [
            {
              ...{ id: 'i1', discoveredAt: AT - 90 * DAY, state: 'open' },
              ...{ dueAt: AT - 30 * DAY, decidedAt: undefined },
            },
          ],
        }),
        /i1, due 2026-01-31/,
      ),
    ],
  },
  'no-clearinghouse': {
    failing: [
      fails(
        'nobody says',
        register('organisation', () => []),
        /does not state who operates/,
      ),
    ],
  },
  'no-health-plan': {
    failing: [
      fails(
        'nobody says',
        register('organisation', () => []),
        /does not state who operates/,
      ),
    ],
  },
}
