import type { LedgerRow } from '../../ledger/index.js'
import { wholeNumber } from '../arguments.js'
import { addFilterOptions, toEventQuery, toQueryString } from '../audit-filters.js'
import type { FilterOptions } from '../audit-filters.js'
import { addSourceOptions, readLedger } from '../audit-source.js'
import type { SourceOptions } from '../audit-source.js'
import { define } from '../command.js'
import type { Register } from '../command.js'

interface AuditQueryOptions extends SourceOptions, FilterOptions {
  readonly limit: number
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
    .option('--limit <n>', 'at most this many', wholeNumber(1, 1000), DEFAULT_LIMIT)
    .action(async (options: AuditQueryOptions) => {
      const output = cli.output(options)
      const { limit } = options
      const page = await readLedger<Page>(options, cli, output, {
        what: 'events',
        live: async (client) => {
          const { eventsAnswer, parseAnswer } = await import('../answers.js')
          const path = `/v1/audit/events${toQueryString(options, { limit: String(limit) })}`
          return parseAnswer(eventsAnswer, await client.json({ path }))
        },
        direct: async (ledger) => {
          const query = await toEventQuery(options)
          const { rows, next } = await ledger.query({ ...query, limit })
          return { events: rows, next, checkpoint: await ledger.checkpoint() }
        },
      })
      output.table(
        ['INDEX', 'TIME', 'EVENT', 'OUTCOME', 'ACTOR', 'FACILITY', 'TRANSFER'],
        page.events.map(cellsOf),
      )
      if (page.next !== undefined && page.next !== null) {
        output.print(`there are more: go on with --start ${page.next}`)
      }
      output.json(page)
    })
}

interface Page {
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
