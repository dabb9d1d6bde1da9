/**
 * What happened at night around the transfers of a report: critical results, targets that were
 * missed, escalations, and claims that passed to somebody else.
 */
import { NocturneError } from '../lib/errors.js'
import { csvRecord } from '../lib/csv.js'
import type { EventType, Ledger, LedgerRow } from '../ledger/log/index.js'
import type { Page } from '../lib/pdf/document.js'
import type {
  Evidence,
  EvidenceScope,
  NightEvent,
  NightKind,
  TransferEvidence,
} from './evidence.js'
import { instant } from './report.js'
import { rowsOf, textOf } from './rows.js'
import { textsOf } from './transfer-evidence.js'

const KINDS: Readonly<Record<NightKind, readonly EventType[]>> = {
  critical: [
    'critical.raised',
    'critical.read',
    'critical.readback',
    'critical.compared',
    'critical.phoned',
    'critical.missed',
  ],
  escalation: ['clock.missed', 'escalation.step', 'escalation.unreached'],
  takeover: ['claim.overridden', 'claim.taken-over', 'claim.reassigned', 'claim.unproven'],
}

const MAX_EVENTS = 20_000

/**
 * The events of the facility in the period; if the report is narrowed to patients, a reader or a
 * transfer, those on the cases of its transfers.
 *
 * @throws NocturneError `report_too_large`
 */
export async function readNight(
  ledger: Pick<Ledger, 'query'>,
  scope: EvidenceScope,
  transfers: readonly TransferEvidence[],
  end: number,
): Promise<readonly NightEvent[]> {
  const { facility, from, until, patients, reader, transfer } = scope
  const isNarrow = [patients, reader, transfer].some((one) => one !== undefined)
  const cases = new Set(transfers.flatMap((one) => one.case ?? []))
  const types = Object.values(KINDS).flat()
  const events: NightEvent[] = []
  for await (const row of rowsOf(ledger, { facility, from, until, types, end })) {
    if (isNarrow && !cases.has(textOf(row.entry.detail?.case) ?? '')) continue
    if (events.length === MAX_EVENTS) throw new NocturneError('report_too_large')
    events.push(eventOf(row))
  }
  return events
}

function eventOf({ entry, index }: LedgerRow): NightEvent {
  const { type, time, actor, detail = {} } = entry
  const kinds = Object.keys(KINDS) as NightKind[]
  const told = textsOf(detail.told)
  return {
    ...{ index, type, at: time, by: actor.id },
    kind: kinds.find((kind) => KINDS[kind].includes(type)) ?? 'escalation',
    code: textOf(detail.code) ?? '',
    level: textOf(detail.level),
    due: textOf(detail.due),
    result: textOf(detail.result) ?? textOf(detail.reason),
    role: textOf(detail.role),
    audience: textOf(detail.audience),
    told: told.join(' ') || undefined,
    from: textOf(detail.from),
    holder: textOf(detail.holder),
  }
}

/** In this order, in the table and on the page. */
const DETAILS = ['level', 'due', 'result', 'role', 'audience', 'told', 'from', 'holder'] as const

export function nightCsv({ night }: { readonly night: readonly NightEvent[] }): string {
  const head = ['time', 'case', 'event', 'by', ...DETAILS, 'ledger_entry']
  const rows = night.map((one) => [
    ...[one.at, one.code, one.type, one.by],
    ...DETAILS.map((name) => one[name] ?? ''),
    String(one.index),
  ])
  return [head, ...rows].map(csvRecord).join('')
}

/** `level minutes, role nurse, result matches`. */
const detailsOf = (one: NightEvent): string =>
  DETAILS.flatMap((name) => (one[name] === undefined ? [] : [`${name} ${one[name]}`])).join(', ')

export function drawNight(page: Page, { night }: Pick<Evidence, 'night'>): void {
  const parts = [
    ['Critical results: notice and read-back', 'critical', 'No critical result was raised.'],
    ['Missed targets and escalations', 'escalation', 'No target was missed, nothing escalated.'],
    ['Claims that passed to somebody else', 'takeover', 'No claim was taken over or reassigned.'],
  ] as const
  for (const [title, kind, none] of parts) {
    page.heading(title)
    page.table(
      [
        { title: 'Time (UTC)', share: 0.14 },
        { title: 'Case', share: 0.09, isCode: true },
        { title: 'Event', share: 0.16 },
        { title: 'By', share: 0.14 },
        { title: 'Details', share: 0.39 },
        { title: 'Entry', share: 0.08 },
      ],
      night
        .filter((one) => one.kind === kind)
        .map((one) => [
          ...[instant(one.at), one.code, one.type, one.by],
          ...[detailsOf(one), String(one.index)],
        ]),
      none,
    )
  }
}
