/** Which lists an entry of the log changes, and for whom. */
import type { Principal } from '../../directory/index.js'
import type { Change } from '../../ledger/following/index.js'
import { TOPICS } from '../../protocol/updates/stream.js'
import type { Topic } from '../../protocol/updates/stream.js'

/** By the first word of the type. Reading, listing and signing in change no list. */
const BY_WORD: Readonly<Record<string, readonly Topic[]>> = {
  transfer: ['cases'],
  case: ['cases'],
  claim: ['cases'],
  clock: ['cases'],
  item: ['cases'],
  study: ['cases'],
  note: ['cases'],
  content: ['cases'],
  recipient: ['cases'],
  requisition: ['cases'],
  report: ['cases', 'reports'],
  feedback: ['reports'],
  critical: ['cases', 'critical'],
  handover: ['duty', 'cases'],
  duty: ['duty'],
  schedule: ['duty', 'site'],
  escalation: ['cases', 'site'],
  notice: ['site'],
  gateway: ['site'],
  config: ['site'],
  certificate: ['site'],
  membership: ['site'],
  invitation: ['site'],
  person: ['site'],
  token: ['site'],
  alert: ['site'],
  witness: ['site'],
  sink: ['site'],
  backup: ['site'],
}

/** Asking again would be such an entry itself. */
const CHANGES_NOTHING = new Set(['transfer.listed', 'transfer.dumped', 'recipient.packets'])

export function topicsOf(
  changes: readonly Change[],
  who: Principal,
  groups: readonly string[],
): readonly Topic[] {
  const found = new Set<Topic>()
  for (const change of changes) {
    if (change.type.endsWith('.read') || CHANGES_NOTHING.has(change.type)) continue
    if (concerns(change, who, groups))
      for (const topic of BY_WORD[change.type.split('.')[0] ?? ''] ?? []) found.add(topic)
  }
  return TOPICS.filter((topic) => found.has(topic))
}

/** Nobody outside a facility and its groups learns even that something happened there. */
function concerns(change: Change, who: Principal, groups: readonly string[]): boolean {
  switch (who.role) {
    case 'officer':
    case 'operator':
      return true
    case 'sender':
      return change.facility !== undefined && change.facility === who.facility
    case 'reader':
      return change.group !== undefined && groups.includes(change.group)
    case 'recovery':
      return false
  }
}
