/**
 * The rule that HHS proposed on 2025-01-06 (90 FR 898, RIN 0945-AA22), to the extent that it would
 * change the requirements for a site. It is not in force; as a second profile, it lets a site see
 * to what extent it would comply. Section letters are those of the proposal.
 */
export interface ProposedRow {
  readonly id: string
  readonly cites: readonly string[]
  readonly keyActivity: string
  readonly criteria: string
  readonly checks: readonly string[]
  /** Whether checks answer it completely. */
  readonly isWhole: boolean
}

const row = (
  number: number,
  cite: string,
  keyActivity: string,
  criteria: string,
  checks = '',
): ProposedRow => ({
  id: `N-${String(number).padStart(2, '0')}`,
  cites: [cite],
  keyActivity,
  criteria,
  checks: checks === '' ? [] : checks.split(' '),
  isWhole: false,
})

const whole = (one: ProposedRow): ProposedRow => ({ ...one, isWhole: true })

export const PROPOSED: readonly ProposedRow[] = [
  row(
    1,
    '164.308(a)(1)',
    'Asset inventory and network map',
    'Written, and revised at least once every 12 months.',
    'devices-registered',
  ),
  row(
    2,
    '164.308(a)(2)',
    'Risk analysis in writing',
    'At least once every 12 months, based on the inventory and the map.',
    'risk-analysis',
  ),
  row(
    3,
    '164.308(a)(4)',
    'Patch management',
    'Critical risks within 15 days, high risks within 30 days.',
    'software-supported',
  ),
  whole(
    row(
      4,
      '164.308(a)(7)',
      'Information system activity review',
      'Policies for review, and review as often as they say.',
      'activity-reviewed ledger-intact',
    ),
  ),
  row(
    5,
    '164.308(a)(9)',
    'Access ends with employment',
    'Within one hour; other regulated entities are told within 24 hours.',
    'leavers-without-access',
  ),
  whole(
    row(
      6,
      '164.308(a)(11)',
      'Training',
      'Within 30 days of access, and every 12 months.',
      'training-current reminders-given',
    ),
  ),
  row(
    7,
    '164.308(a)(12)',
    'Incident response plans, tested',
    'Written plans, tested and revised.',
    'incidents-in-time',
  ),
  whole(
    row(
      8,
      '164.308(a)(13)',
      'Restore within 72 hours',
      'Critical systems and data are restored within 72 hours of their loss.',
      'contingency-plan restore-drilled',
    ),
  ),
  whole(
    row(
      9,
      '164.308(a)(14)',
      'Compliance audit',
      'At least once every 12 months.',
      'evaluated-yearly',
    ),
  ),
  row(
    10,
    '164.308(b)',
    'Business associates verified',
    'Written verification and certification at least once every 12 months.',
    'agreements-in-force vendors-questioned',
  ),
  row(
    11,
    '164.312(a)',
    'Access control and segmentation',
    'Unique users, lock-out after failures, separated networks.',
    'one-key-per-person sign-in-limited sessions-end',
  ),
  whole(
    row(
      12,
      '164.312(b)(2)',
      'Encryption',
      'All ePHI at rest and in transit.',
      'stored-sealed transport-current backends-encrypted keys-strong',
    ),
  ),
  row(
    13,
    '164.312(c)',
    'Configuration management',
    'Protection against malware, no software that is not needed, ports closed.',
    'devices-guarded uploads-bounded software-supported',
  ),
  whole(
    row(
      14,
      '164.312(d)',
      'Audit trail and system log controls',
      'Activity is recorded in real time, kept and watched.',
      'events-recorded ledger-intact witnessed-lately sinks-told',
    ),
  ),
  whole(
    row(
      15,
      '164.312(e)',
      'Integrity',
      'ePHI is protected from improper alteration or destruction.',
      'stored-intact ledger-intact',
    ),
  ),
  row(
    16,
    '164.312(f)',
    'Multi-factor authentication',
    'For every access to relevant systems and for changes of privileges.',
    'keys-proven',
  ),
  row(
    17,
    '164.312(h)',
    'Vulnerability scans and penetration tests',
    'Scans every 6 months, tests every 12 months.',
  ),
  row(
    18,
    '164.312(i)',
    'Backup and recovery',
    'Copies at most 48 hours old, watched, and restored in a test every month.',
    'backup-recent restore-drilled',
  ),
  row(
    19,
    '164.314(a)',
    'Contingency told within 24 hours',
    'A business associate tells the covered entity within 24 hours of activating its contingency plan.',
    'agreement-incidents',
  ),
]
