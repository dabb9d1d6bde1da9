/**
 * The ten practices of HICP 2023 (405(d), Technical Volume 1), which Public Law 116-321 recognises,
 * and what of each the ledger can show.
 */
import type { EventType, LedgerEntry } from '../../ledger/log/index.js'

export interface Signal {
  readonly id: string
  readonly title: string
  readonly types: readonly EventType[]
  /** Which of these events count. */
  readonly counts?: (entry: LedgerEntry) => boolean
  /** How many days may pass between two of them. */
  readonly withinDays: number
}

export interface Practice {
  readonly number: number
  readonly title: string
  readonly signals: readonly Signal[]
  /** Checks whose verdict in each assessment counts. */
  readonly checks: readonly string[]
  /** What neither shows. */
  readonly rest: string
}

const MONTH = 35
const YEAR = 366

const registered = (kind: string, title: string): Signal => ({
  id: `register-${kind}`,
  ...{ title, types: ['register.added'], withinDays: YEAR },
  counts: ({ detail }) => detail?.kind === kind,
})

const practice = (
  number: number,
  title: string,
  more: Partial<Omit<Practice, 'number' | 'title'>>,
): Practice => ({ number, title, signals: [], checks: [], rest: '', ...more })

export const PRACTICES: readonly Practice[] = [
  practice(1, 'E-mail protection systems', {
    rest: 'The gateway sends notices without data of patients and receives no mail: a person must show it.',
  }),
  practice(2, 'Endpoint protection systems', {
    signals: [registered('device', 'Devices of readers attested in the register')],
    checks: ['devices-attested', 'devices-guarded'],
    rest: 'What is installed on a device is attested by its holder.',
  }),
  practice(3, 'Access management', {
    signals: [
      {
        ...{ id: 'sign-in', title: 'People proved their key when they signed in' },
        ...{ types: ['signin.succeeded', 'key.checked'], withinDays: MONTH },
        counts: ({ outcome }) => outcome === 0,
      },
    ],
    checks: ['one-key-per-person', 'access-by-role', 'leavers-without-access'],
  }),
  practice(4, 'Data protection and loss prevention', {
    signals: [
      {
        ...{ id: 'backup', title: 'Sealed backups' },
        ...{ types: ['backup.made'], withinDays: MONTH },
      },
      {
        ...{ id: 'drill', title: 'A restore practised with success' },
        ...{ types: ['drill.run'], withinDays: YEAR },
        counts: ({ outcome }) => outcome === 0,
      },
    ],
    checks: ['stored-sealed', 'backends-encrypted', 'keys-strong'],
  }),
  practice(5, 'Asset management', {
    signals: [
      {
        ...{ id: 'inventory', title: 'Inventory and network map made (nocturne safeguards)' },
        ...{ types: ['ledger.exported'], withinDays: YEAR },
        counts: ({ detail }) => detail?.what === 'safeguards',
      },
    ],
    checks: ['devices-registered', 'devices-wiped'],
    rest: 'Only assets that store, carry or open studies of this gateway are listed.',
  }),
  practice(6, 'Network management', {
    checks: ['transport-configured', 'transport-current', 'refuses-anonymous'],
    rest: 'Segmentation and firewalls around the gateway are for a person to show.',
  }),
  practice(7, 'Vulnerability management', {
    signals: [
      {
        ...{ id: 'update', title: 'Nocturne updated' },
        ...{ types: ['software.changed'], withinDays: YEAR },
      },
    ],
    checks: ['software-supported'],
    rest: 'Scans and penetration tests are for a person to show.',
  }),
  practice(8, 'Security operations and incident response', {
    signals: [
      {
        ...{ id: 'review', title: 'Activity reviewed by an officer' },
        ...{ types: ['ledger.reviewed'], withinDays: MONTH },
      },
    ],
    checks: ['activity-reviewed', 'events-recorded', 'ledger-intact'],
  }),
  practice(9, 'Network connected medical devices', {
    rest: 'The gateway sees a modality only when it sends: a person must show it.',
  }),
  practice(10, 'Cybersecurity oversight and governance', {
    signals: [
      {
        ...{ id: 'assessment', title: 'Self-assessment made' },
        ...{ types: ['assessment.made'], withinDays: YEAR },
      },
      registered('policy', 'Policies written or reviewed'),
      registered('training', 'People trained'),
    ],
    checks: ['security-official', 'policies-reviewed', 'training-current', 'risk-analysis'],
  }),
]
