/**
 * Which checks answer which row of the audit protocol, and what a person has to state in addition.
 */
import type { Check } from './check.js'
import { ACCESS } from './checks/access.js'
import { AGREEMENTS } from './checks/agreements.js'
import { AUDIT } from './checks/audit.js'
import { CONTINGENCY } from './checks/contingency.js'
import { DOCUMENTS } from './checks/documents.js'
import { KEYS } from './checks/keys.js'
import { PROTECTION } from './checks/protection.js'
import { WORKFORCE } from './checks/workforce.js'
import { protocolRows } from './citations.js'
import type { ProtocolRow } from './citations.js'
import { PROPOSED } from './proposed.js'

export type ProfileName = 'hipaa' | 'proposed-2025'

/** A row of the protocol, and what answers it. */
export interface CatalogueRow extends ProtocolRow {
  readonly checks: readonly Check[]
  /**
   * `whole`: checks and a policy answer it completely. `part`: they answer part of it, and a person
   * states the rest. `none`: a person states all of it. `context`: nothing is asked.
   */
  readonly coverage: 'whole' | 'part' | 'none' | 'context'
  /** Whether a policy or procedure that covers the citation must be in force. */
  readonly wantsPolicy: boolean
}

export const CHECKS: readonly Check[] = [
  ...ACCESS,
  ...KEYS,
  ...AUDIT,
  ...PROTECTION,
  ...CONTINGENCY,
  ...AGREEMENTS,
  ...WORKFORCE,
  ...DOCUMENTS,
]

/** What answers each row: IDs of checks, followed by `…` when a person must state the rest. */
const ANSWERS: Readonly<Record<string, string>> = {
  'S-03': 'risk-analysis actions-on-time …',
  'S-04': 'risk-analysis …',
  'S-05': 'actions-on-time …',
  'S-06': 'sanction-policy …',
  'S-07': 'activity-reviewed ledger-intact',
  'S-08': 'security-official',
  'S-09': 'access-by-role leavers-without-access keys-recorded …',
  'S-10': 'key-changes-confirmed privileges-current …',
  'S-11': 'privileges-current …',
  'S-12': 'leavers-without-access',
  'S-13': 'access-by-role keys-recorded',
  'S-14': 'no-clearinghouse',
  'S-15': 'access-by-role privileges-current',
  'S-16': 'keys-recorded key-changes-confirmed access-review',
  'S-17': 'training-current …',
  'S-18': 'reminders-given',
  'S-19': 'uploads-bounded software-supported devices-guarded',
  'S-20': 'sign-in-limited sign-in-failures-reviewed',
  'S-21': 'tokens-end secrets-private',
  'S-22': 'events-recorded incidents-in-time …',
  'S-23': 'sign-in-failures-reviewed incidents-in-time …',
  'S-24': 'contingency-plan restore-drilled',
  'S-25': 'backup-configured backup-recent restore-drilled',
  'S-26': 'contingency-plan restore-drilled',
  'S-27': 'recovery-certificate recovery-exercised …',
  'S-28': 'restore-drilled',
  'S-29': 'criticality-analysis',
  'S-30': 'evaluated-yearly ledger-intact',
  'S-31': 'agreements-in-force vendors-questioned',
  'S-32': 'agreements-in-force agreements-documented',
  'S-38': 'devices-registered …',
  'S-39': 'devices-attested …',
  'S-40': 'devices-registered devices-wiped',
  'S-41': 'devices-wiped …',
  'S-42': 'devices-wiped …',
  'S-43': 'devices-registered …',
  'S-44': 'backup-recent stored-intact',
  'S-45': 'access-by-role refuses-anonymous keys-recorded',
  'S-46': 'one-key-per-person',
  'S-47': 'recovery-certificate recovery-exercised',
  'S-48': 'sessions-end devices-attested',
  'S-49': 'stored-sealed keys-strong keys-usable private-keys-elsewhere',
  'S-50': 'events-recorded ledger-intact witnesses-named witnessed-lately sinks-told',
  'S-51': 'stored-intact ledger-intact',
  'S-52': 'stored-intact ledger-intact',
  'S-53': 'keys-proven one-key-per-person refuses-anonymous',
  'S-54': 'transport-configured transport-current backends-encrypted',
  'S-55': 'transport-current stored-intact',
  'S-56': 'transport-current transport-configured keys-strong',
  'S-57': 'agreements-in-force agreements-documented',
  'S-58': 'agreement-safeguards',
  'S-59': 'agreement-subcontractors',
  'S-60': 'agreement-incidents',
  'S-61': 'agreements-in-force …',
  'S-62': 'agreements-in-force agreement-subcontractors vendors-questioned',
  'S-63': 'no-health-plan',
  'S-64': 'no-health-plan',
  'S-65': 'no-health-plan',
  'S-66': 'no-health-plan',
  'S-67': 'no-health-plan',
  'S-68': 'policies-documented policies-reviewed',
  'S-69': 'policies-documented events-recorded',
  'S-70': 'retention-six-years',
  'S-71': 'policies-acknowledged',
  'S-72': 'policies-reviewed',
  'P-08': 'agreements-in-force agreement-return …',
  'P-46': 'identity-removed …',
  'P-75': 'events-recorded …',
  'P-76': 'events-recorded …',
  'P-80': 'training-current …',
  'P-84': 'sanction-policy …',
  'P-88': 'policies-reviewed policies-acknowledged …',
  'P-89': 'retention-six-years policies-documented …',
  'B-02': 'training-current …',
  'B-04': 'sanction-policy …',
  'B-07': 'policies-reviewed …',
  'B-08': 'retention-six-years …',
  'B-09': 'incidents-in-time …',
  'B-12': 'incidents-in-time …',
  'B-17': 'agreement-incidents incidents-in-time …',
  'B-19': 'ledger-intact retention-six-years …',
}

/** Rows whose inquiry is not about a policy; determined by reading each of them. */
const WITHOUT_POLICY = new Set([
  'S-01',
  'S-02',
  'S-14',
  'S-63',
  'S-64',
  'S-65',
  'S-66',
  'S-67',
  'B-01',
  'B-10',
])
const CONTEXT = new Set(['S-01', 'S-02'])

const byId = new Map(CHECKS.map((check) => [check.id, check]))

/**
 * @throws TypeError for an unknown check ID
 */
export function checkById(id: string): Check {
  const found = byId.get(id)
  if (!found) throw new TypeError(`no check is called ${id}`)
  return found
}

export function catalogueOf(profile: ProfileName): readonly CatalogueRow[] {
  if (profile === 'proposed-2025') return PROPOSED.map(proposedRow)
  return protocolRows().map((row) => {
    const words = (ANSWERS[row.id] ?? '…').split(' ')
    const checks = words.filter((word) => word !== '…').map(checkById)
    return {
      ...row,
      checks,
      coverage: CONTEXT.has(row.id)
        ? 'context'
        : !words.includes('…')
          ? 'whole'
          : checks.length > 0
            ? 'part'
            : 'none',
      wantsPolicy: !WITHOUT_POLICY.has(row.id),
    }
  })
}

const proposedRow = ({ checks, ...row }: (typeof PROPOSED)[number]): CatalogueRow => ({
  ...row,
  ...{ audit: 'security', section: `proposed ${row.cites.join(', ')}`, ra: 'R' },
  inquiry: 'Proposed by HHS on 2025-01-06 (90 FR 898, RIN 0945-AA22); not in force.',
  checks: checks.map(checkById),
  coverage: checks.length > 0 && row.isWhole ? 'whole' : checks.length > 0 ? 'part' : 'none',
  wantsPolicy: false,
})
