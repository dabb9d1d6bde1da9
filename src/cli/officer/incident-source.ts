/** Incidents, either at a gateway (as an officer) or in a site's own database. */
import type { IncidentAnswer } from '../../protocol/http/compliance.js'
import { checkSource } from '../audit/audit-source.js'
import type { SourceOptions } from '../audit/audit-source.js'
import type { Cli } from '../command.js'
import { withGateway } from '../gateway-options.js'
import type { ComplianceSource, ShownEntry } from './compliance-source.js'
import type { Output } from '../output.js'

export interface IncidentSource {
  show(incident: string): Promise<IncidentAnswer>
  /** A ZIP. */
  pack(incident: string): Promise<AsyncIterable<Uint8Array>>
  /** Principal that an alert of the ledger is about, if it is about one. */
  subjectOfAlert(index: number): Promise<string | undefined>
}

/** @throws CommandError `usage` unless exactly one source is given, and what `work` throws. */
export async function withIncidents<T>(
  options: SourceOptions,
  cli: Cli,
  output: Output,
  work: (source: IncidentSource) => Promise<T>,
): Promise<T> {
  const source = checkSource(options)
  if ('site' in source) {
    const [{ SITE_ACTOR: actor, withRooms }, { zipOf }, { incidentAnswer }, { parseAnswer }] =
      await Promise.all([
        import('../site/site.js'),
        import('../../lib/zip.js'),
        import('../../protocol/http/compliance.js'),
        import('../parse-answer.js'),
      ])
    return withRooms(source.site, ({ officer: { incidents }, ledger }) =>
      work({
        show: async (id) => parseAnswer(incidentAnswer, await incidents.show(actor, id)),
        pack: async (id) => zipOf(await incidents.pack(actor, id)),
        subjectOfAlert: async (index) => {
          await ledger.noteRead(actor, { what: 'events', query: { start: index, limit: 1 } })
          const [row] = (await ledger.query({ start: index, limit: 1 })).rows
          return subjectOf(row?.entry.detail)
        },
      }),
    )
  }
  const [{ incidentAnswer }, { eventsAnswer }, { parseAnswer }, { bodyOf }] = await Promise.all([
    import('../../protocol/http/compliance.js'),
    import('../../protocol/http/audit.js'),
    import('../parse-answer.js'),
    import('../reader/download.js'),
  ])
  const pathOf = (incident: string) => `/v1/incidents/${encodeURIComponent(incident)}`
  return withGateway(source, cli, output, (client) =>
    work({
      show: async (id) => parseAnswer(incidentAnswer, await client.json({ path: pathOf(id) })),
      pack: async (id) => bodyOf(await client.open({ path: `${pathOf(id)}/pack` })),
      subjectOfAlert: async (index) => {
        const path = `/v1/audit/events?start=${index}&limit=1`
        const page = parseAnswer(eventsAnswer, await client.json({ path }))
        return subjectOf(page.events[0]?.entry.detail)
      },
    }),
  )
}

function subjectOf(detail: unknown): string | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined
  const { subject } = detail as { readonly subject?: unknown }
  return typeof subject === 'string' ? subject : undefined
}

/** Incidents are entries of the register. @throws CommandError as `withIncidents` */
export async function inRegister<T>(
  options: SourceOptions,
  cli: Cli,
  output: Output,
  work: (source: ComplianceSource) => Promise<T>,
): Promise<T> {
  const { withCompliance } = await import('./compliance-source.js')
  return withCompliance(options, cli, output, work)
}

/** Without ended entries. */
export const incidentsIn = async (options: SourceOptions, cli: Cli, output: Output) =>
  (await inRegister(options, cli, output, (source) => source.list('incident'))).filter(
    ({ endedAt }) => endedAt === undefined,
  )

export const fieldOf = ({ data }: ShownEntry, name: string): string => {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}
