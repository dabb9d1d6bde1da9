/** The filters of the ledger, as options, as a query string and as the ledger's own query. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { EventQuery, EventType } from '../../ledger/log/index.js'
import { instant, wholeNumber } from '../arguments.js'
import { usageError } from '../command-error.js'

export interface FilterOptions {
  /** Comma-separated. */
  readonly type?: string
  readonly actor?: string
  readonly facility?: string
  readonly transfer?: string
  readonly patient?: string
  readonly outcome?: number
  readonly from?: string
  readonly until?: string
  readonly start?: number
}

/** An index in the log, or a log size. */
export const logIndex = wholeNumber(0, 2 ** 49)

export function addFilterOptions(command: Command): Command {
  return command
    .option('--type <types>', 'event types, separated by commas, such as item.quarantined')
    .option('--actor <id>', 'only events caused by this principal')
    .option('--facility <id>', 'only events of this facility')
    .option('--transfer <id>', 'only events of this transfer')
    .option('--patient <handle>', 'only events about the patient with this handle')
    .option('--outcome <n>', '0 success, 4 minor, 8 serious, 12 major failure', outcomeIndicator)
    .option('--from <time>', 'on or after this date or instant', instant)
    .option('--until <time>', 'before this date or instant', instant)
    .option('--start <index>', 'from this index onwards', logIndex)
}

function outcomeIndicator(text: string): number {
  if (/^(0|4|8|12)$/.test(text)) return Number(text)
  throw new InvalidArgumentError('give 0, 4, 8 or 12')
}

const NAMES = [
  'type',
  'actor',
  'facility',
  'transfer',
  'patient',
  'outcome',
  'from',
  'until',
  'start',
] as const

/** `?type=item.quarantined&from=…`, or nothing. */
export function toQueryString(
  filters: FilterOptions,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(more)
  for (const name of NAMES) {
    const value = filters[name]
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size === 0 ? '' : `?${query.toString()}`
}

/** @throws CommandError `usage` for an unknown event type */
export async function toEventQuery(filters: FilterOptions): Promise<EventQuery> {
  const { EVENT_TYPES } = await import('../../ledger/log/index.js')
  const isType = (name: string): name is EventType => Object.hasOwn(EVENT_TYPES, name)
  const { type, actor, facility, transfer, patient, outcome, from, until, start } = filters
  const types = type?.split(',')
  if (types !== undefined && !types.every(isType)) {
    throw usageError(
      '--type names an unknown event type',
      `give one or more of ${Object.keys(EVENT_TYPES).join(', ')}`,
    )
  }
  return {
    ...(types !== undefined && { types }),
    ...(actor !== undefined && { actor }),
    ...(facility !== undefined && { facility }),
    ...(transfer !== undefined && { transfer }),
    ...(patient !== undefined && { patient }),
    ...(outcome !== undefined && { outcome }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(until !== undefined && { until: Date.parse(until) }),
    ...(start !== undefined && { start }),
  }
}
