/** Registers and assessments, either at a gateway (as an officer) or in a site's own database. */
import type { NewAction, NewStatement, ProfileName, RegisterKind } from '../../compliance/index.js'
import type { Rooms } from '../../gateway/rooms.js'
import type { ASSESSMENT_FORMATS } from '../../protocol/http/compliance.js'
import type { Cli } from '../command.js'
import type { GatewayClient } from '../client.js'
import { withGateway } from '../gateway-options.js'
import type { Output } from '../output.js'
import { checkSource } from '../audit/audit-source.js'
import type { SourceOptions } from '../audit/audit-source.js'

/** Fields of one entry, as text or lists, and the entry that it replaces. */
export interface EntryInput {
  readonly fields: Readonly<Record<string, unknown>>
  readonly replaces?: string
}

export interface AssessmentLine {
  readonly id: string
  readonly profile: string
  readonly madeAt: string
  readonly madeBy: string
}

export interface ShownEntry {
  readonly id: string
  readonly subject: string
  readonly data: Readonly<Record<string, string | boolean | readonly string[]>>
  readonly until?: string | undefined
  readonly createdBy: string
  readonly endedAt?: number | undefined
}

export interface ShownFinding {
  readonly row: string
  readonly audit: string
  readonly cites: readonly string[]
  readonly keyActivity: string
  readonly state: string
  readonly isSatisfied: boolean
  readonly reason: string
  readonly next: readonly string[]
}

export interface ShownAssessment {
  readonly at: string
  readonly profile: string
  readonly findings: readonly ShownFinding[]
}

export interface ComplianceSource {
  list(kind: RegisterKind): Promise<readonly ShownEntry[]>
  add(kind: RegisterKind, entries: readonly EntryInput[]): Promise<readonly string[]>
  end(kind: RegisterKind, id: string): Promise<void>
  assess(
    profile: ProfileName,
  ): Promise<{ readonly id: string; readonly assessment: ShownAssessment }>
  assessments(): Promise<readonly AssessmentLine[]>
  /** A ZIP of the files; `newest` for the newest assessment. */
  export(
    id: string,
    format: Exclude<(typeof ASSESSMENT_FORMATS)[number], 'json'>,
  ): Promise<AsyncIterable<Uint8Array>>
  state(statement: NewStatement): Promise<string>
  plan(action: NewAction): Promise<string>
  finish(action: string, evidence: string): Promise<void>
}

/** @throws CommandError `usage` unless exactly one source is given, and what `work` throws. */
export async function withCompliance<T>(
  options: SourceOptions,
  cli: Cli,
  output: Output,
  work: (source: ComplianceSource) => Promise<T>,
): Promise<T> {
  const source = checkSource(options)
  if ('gateway' in source)
    return withGateway(source, cli, output, async (client) => work(await live(client)))
  const { withRooms } = await import('../site/site.js')
  return withRooms(source.site, async (rooms) => work(await direct(rooms)))
}

async function live(client: GatewayClient): Promise<ComplianceSource> {
  const [{ jsonCall }, { bodyOf }, answers, { parseAnswer }] = await Promise.all([
    import('../client.js'),
    import('../reader/download.js'),
    import('../../protocol/http/compliance.js'),
    import('../parse-answer.js'),
  ])
  const post = (path: string, value: Readonly<Record<string, unknown>>) =>
    client.json(jsonCall(path, value))
  const newId = async (path: string, value: Readonly<Record<string, unknown>>) =>
    parseAnswer(answers.idAnswer, await post(path, value)).id
  return {
    list: async (kind) =>
      parseAnswer(answers.registerAnswer, await client.json({ path: `/v1/registers/${kind}` }))
        .entries,
    add: async (kind, entries) =>
      parseAnswer(answers.idsAnswer, await post(`/v1/registers/${kind}`, { entries })).ids,
    end: async (kind, id) => {
      await post(`/v1/registers/${kind}/${encodeURIComponent(id)}/end`, {})
    },
    assess: async (profile) =>
      parseAnswer(answers.assessmentAnswer, await post('/v1/assessments', { profile })),
    assessments: async () =>
      parseAnswer(answers.assessmentsAnswer, await client.json({ path: '/v1/assessments' }))
        .assessments,
    export: async (id, format) =>
      bodyOf(
        await client.open({
          path: `/v1/assessments/${encodeURIComponent(id)}?format=${format}`,
        }),
      ),
    state: (statement) => newId('/v1/assessments/statements', { ...statement }),
    plan: (action) => newId('/v1/assessments/actions', { ...action }),
    finish: async (action, evidence) => {
      await post(`/v1/assessments/actions/${encodeURIComponent(action)}/done`, { evidence })
    },
  }
}

async function direct({
  ledger,
  compliance,
  officer,
  site,
}: Pick<Rooms, 'ledger' | 'compliance' | 'officer' | 'site'>): Promise<ComplianceSource> {
  const [{ SITE_ACTOR: actor, addressOfSite }, { zipOf }] = await Promise.all([
    import('../site/site.js'),
    import('../../lib/zip.js'),
  ])
  const { registers, desk } = compliance
  const noteRead = (what: string, of: string) => ledger.noteRead(actor, { what, of })
  return {
    list: async (kind) => {
      await noteRead('register', kind)
      return registers.list(kind)
    },
    add: async (kind, entries) =>
      (
        await registers.add(
          entries.map((one) => ({ ...one, kind })),
          actor,
        )
      ).ids,
    end: async (_kind, id) => {
      await registers.end(id, actor)
    },
    assess: (profile) => compliance.assess(profile, addressOfSite(site), actor),
    assessments: async () => {
      await noteRead('assessments', 'all')
      return (await desk.assessments(100)).map(({ id, profile, madeAt, madeBy }) => ({
        ...{ id, profile, madeBy, madeAt: new Date(madeAt).toISOString() },
      }))
    },
    export: async (id, format) =>
      zipOf(
        await officer.exportAssessment(actor, { id: id === 'newest' ? undefined : id, format }),
      ),
    state: async (statement) => (await desk.state(statement, actor)).id,
    plan: async (action) => (await desk.plan(action, actor)).id,
    finish: async (action, evidence) => {
      await desk.finish(action, evidence, actor)
    },
  }
}
