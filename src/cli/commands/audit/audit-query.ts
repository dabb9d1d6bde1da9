import { InvalidArgumentError } from 'commander'
import type { LedgerRow, Question } from '../../../ledger/log/index.js'
import { wholeNumber } from '../../arguments.js'
import {
  addFilterOptions,
  logIndex,
  toEventQuery,
  toQueryString,
} from '../../audit/audit-filters.js'
import type { FilterOptions } from '../../audit/audit-filters.js'
import type { Format } from '../../audit/audit-records.js'
import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import type { Output } from '../../output.js'

interface AuditQueryOptions extends SourceOptions, FilterOptions {
  readonly limit: number
  readonly end?: number
  readonly question?: Question
  readonly format?: Format
  readonly json?: boolean
}

const DEFAULT_LIMIT = 100

export const registerAuditQuery: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'query',
    summary: 'show events of the ledger',
    examples: [
      'nocturne audit query --type item.quarantined --from 2026-03-01 --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addFilterOptions(addSourceOptions(command))
    .option('--question <name>', `one of ${QUESTION_NAMES.join(', ')}`, questionName)
    .option('--format <name>', 'print as fhir (AuditEvents) or dicom (audit messages)', formatName)
    .option('--end <size>', 'search the log as it was when it had this many entries', logIndex)
    .option('--limit <n>', 'show at most this many events', wholeNumber(1, 1000), DEFAULT_LIMIT)
    .action(async (options: AuditQueryOptions) => {
      const output = cli.output(options)
      const { limit, end, question, format } = options
      let origin = options.gateway ?? ''
      const page = await readLedger<Page>(options, cli, output, {
        what: 'events',
        live: async (client) => {
          const [{ eventsAnswer }, { parseAnswer }] = await Promise.all([
            import('../../../protocol/http/audit.js'),
            import('../../parse-answer.js'),
          ])
          const path = `/v1/audit/events${toQueryString(options, {
            limit: String(limit),
            ...(end !== undefined && { end: String(end) }),
            ...(question !== undefined && { question }),
          })}`
          return parseAnswer(eventsAnswer, await client.json({ path }))
        },
        direct: async ({ ledger, site }) => {
          const { name, origin: reached } = site.config.gateway
          origin = reached ?? `https://${name}`
          const { readPage } = await import('../../../ledger/log/index.js')
          const query = await toEventQuery(options)
          const page = { limit, ...(end !== undefined && { end }) }
          return readPage(ledger, { ...query, ...page, ...(question && { question }) })
        },
      })
      if (!format) {
        showPage(output, page)
        return
      }
      const { showRecords } = await import('../../audit/audit-records.js')
      await showRecords(output, page.events, format, origin)
      const left = leftOut(page)
      if (left !== undefined) output.warn(left)
    })
}

const FORMATS: readonly Format[] = ['fhir', 'dicom']

function formatName(text: string): Format {
  const found = FORMATS.find((name) => name === text)
  if (found) return found
  throw new InvalidArgumentError(`give ${FORMATS.join(' or ')}`)
}

/** The names shown in the help; the gateway uses the same names. */
const QUESTION_NAMES: readonly Question[] = [
  'unended',
  'unopened',
  'unacknowledged',
  'outside',
  'refusals',
  'keys',
  'reads',
  'holds',
  'escalations',
  'critical',
  'takeovers',
  'identities',
  'health',
  'due',
]

function questionName(text: string): Question {
  const found = QUESTION_NAMES.find((name) => name === text)
  if (found) return found
  throw new InvalidArgumentError(`give one of ${QUESTION_NAMES.join(', ')}`)
}

export function showPage(output: Output, page: Page): void {
  output.table(
    ['INDEX', 'TIME', 'EVENT', 'OUTCOME', 'ACTOR', 'FACILITY', 'TRANSFER'],
    page.events.map(cellsOf),
  )
  if (page.count !== undefined) output.print(`${page.count} in total`)
  const left = leftOut(page)
  if (left !== undefined) output.print(left)
  output.json(page)
}

/** What is not shown; undefined when everything is. */
function leftOut({ events, count, next, end }: Page): string | undefined {
  if (next === undefined || next === null) return undefined
  const more = count === undefined ? 'more events are' : `${count - events.length} events are`
  return `${more} not shown here: continue with --start ${next} --end ${end ?? ''}`
}

export interface Page {
  /** Total number of matches among the first `end` events. */
  readonly count?: number | undefined
  readonly end?: number | undefined
  readonly checkpoint?: string | undefined
  readonly events: readonly Shown[]
  readonly next?: number | null | undefined
}

type Shown = Pick<LedgerRow, 'index'> & {
  readonly entry: Pick<LedgerRow['entry'], 'time'> & {
    readonly type: string
    readonly outcome: number
    readonly actor: { readonly id: string }
    readonly facility?: string | undefined
    readonly transfer?: string | undefined
    readonly item?: number | undefined
  }
}

function cellsOf({ index, entry }: Shown): string[] {
  const { time, type, outcome, actor, facility = '', transfer = '', item } = entry
  const of = item === undefined || transfer === '' ? transfer : `${transfer}/${item}`
  return [String(index), time, type, outcome === 0 ? 'ok' : String(outcome), actor.id, facility, of]
}
