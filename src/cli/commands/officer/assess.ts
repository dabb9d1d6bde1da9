import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { collect } from '../../arguments.js'
import { addSourceOptions } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import type { ComplianceSource, ShownAssessment } from '../../officer/compliance-source.js'
import type { Output } from '../../output.js'

interface AssessOptions extends SourceOptions {
  readonly proposed?: boolean
  readonly rows?: boolean
  readonly format: 'pdf' | 'xlsx' | 'csv' | 'oscal' | 'pack'
  readonly id: string
  readonly out: string
  readonly met?: boolean
  readonly notMet?: boolean
  readonly notApplicable?: boolean
  readonly alternative?: boolean
  readonly notReasonable?: boolean
  readonly textFile: string
  readonly attachment?: readonly string[]
  readonly until: string
  readonly owner: string
  readonly due: string
  readonly text: string
  readonly evidence: string
  readonly json?: boolean
}

const SITE = '--site /srv/nocturne'
const FORMATS = ['pdf', 'xlsx', 'csv', 'oscal', 'pack'] as const

export const registerAssess: Register = (parent, cli) => {
  const group = defineGroup(parent, 'assess', 'self-assessment against the HIPAA audit protocol')
  registerRun(group, cli)
  registerExport(group, cli)
  registerState(group, cli)
  registerActions(group, cli)
}

function registerRun(group: Command, cli: Cli): void {
  const run = define(group, {
    usage: 'run',
    summary:
      'assess configuration, ledger, registers and the running gateway, and store the result',
    examples: [`nocturne assess run ${SITE}`, `nocturne assess run --proposed ${SITE}`],
  })
  addSourceOptions(run)
    .option('--proposed', 'assess against the rule proposed in January 2025, which is not in force')
    .option('--rows', 'print every row, including satisfied ones')
    .action(async (options: AssessOptions) => {
      const output = cli.output(options)
      const profile = options.proposed === true ? 'proposed-2025' : 'hipaa'
      const made = await withSource(options, cli, (source) => source.assess(profile))
      printAssessment(output, made.assessment, options.rows === true)
      output.print(`stored as ${made.id}`)
      output.json(made)
    })

  const list = define(group, {
    usage: 'list',
    summary: 'list past assessments',
    examples: [`nocturne assess list ${SITE}`],
  })
  addSourceOptions(list).action(async (options: AssessOptions) => {
    const output = cli.output(options)
    const assessments = await withSource(options, cli, (source) => source.assessments())
    if (assessments.length === 0) output.print('no assessments yet')
    else
      output.table(
        ['ID', 'MADE', 'BY', 'AGAINST'],
        assessments.map((one) => [one.id, one.madeAt, one.madeBy, one.profile]),
      )
    output.json({ assessments })
  })
}

function printAssessment(output: Output, { findings }: ShownAssessment, all: boolean): void {
  const audits = [...new Set(findings.map(({ audit }) => audit))].sort(securityFirst)
  for (const audit of audits) {
    const rows = findings.filter((one) => one.audit === audit)
    for (const { row, cites, keyActivity, state, isSatisfied, reason, next } of rows) {
      if (isSatisfied && !all) continue
      output.print(`${row} ${state}: ${keyActivity} (${cites.join(', ')})`)
      output.print(`  ${reason}`)
      for (const step of next) output.print(`  - ${step}`)
    }
  }
  for (const audit of audits) {
    const rows = findings.filter((one) => one.audit === audit)
    const satisfied = rows.filter(({ isSatisfied }) => isSatisfied).length
    output.print(`${audit}: ${satisfied} of ${rows.length} rows satisfied`)
  }
}

const securityFirst = (a: string, b: string): number =>
  Number(b === 'security') - Number(a === 'security') || a.localeCompare(b)

function registerExport(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'export',
    summary: 'write an assessment as PDF, XLSX, CSV, OSCAL, or as a pack with its evidence',
    examples: [`nocturne assess export --format oscal --out assessment ${SITE}`],
  })
  addSourceOptions(command)
    .requiredOption('--format <format>', FORMATS.join(', '), formatOf)
    .option('--id <id>', 'ID of an assessment; the newest if omitted', 'newest')
    .requiredOption('--out <dir>', 'folder to write')
    .action(async (options: AssessOptions) => {
      const output = cli.output(options)
      const { unpackReport } = await import('../../audit/report-files.js')
      const files = await withSource(options, cli, async (source) =>
        unpackReport(options.out, await source.export(options.id, options.format)),
      )
      for (const file of files) output.print(file)
      output.json({ files })
    })
}

function formatOf(text: string): (typeof FORMATS)[number] {
  const found = FORMATS.find((one) => one === text)
  if (found) return found
  throw new InvalidArgumentError(`give one of ${FORMATS.join(', ')}`)
}

function registerState(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'state <row>',
    summary: 'state a fact that no check can see; gaps that checks find remain',
    examples: [
      `nocturne assess state S-33 --met --text-file doors.txt --until 2027-03-01 ${SITE}`,
      `nocturne assess state S-37 --alternative --text-file reason.txt --until 2027-03-01 ${SITE}`,
    ],
  })
  addSourceOptions(command)
    .option('--met', 'the site does what the row requires')
    .option('--not-met', 'the site does not')
    .option('--not-applicable', 'the row does not apply to the site; the text says why')
    .option(
      '--alternative',
      'an addressable specification is met in another way; the text says how',
    )
    .option(
      '--not-reasonable',
      'an addressable specification is not reasonable here; the text says why',
    )
    .requiredOption('--text-file <file>', 'file with the text of the statement')
    .option('--attachment <file>', 'supporting document; its SHA-256 is recorded', collect)
    .requiredOption('--until <date>', 'last day on which the statement is valid')
    .action(async (row: string, options: AssessOptions) => {
      const output = cli.output(options)
      const [{ readSmallText }, { digestOfFile }] = await Promise.all([
        import('../../secret-file.js'),
        import('../../officer/file-digest.js'),
      ])
      const says = sayingOf(options)
      const attachments = await Promise.all((options.attachment ?? []).map(digestOfFile))
      const text = await readSmallText(options.textFile)
      const id = await withSource(options, cli, (source) =>
        source.state({ row, says, text, attachments, until: options.until }),
      )
      output.print(`stated as ${id}`)
      output.json({ id, attachments })
    })
}

function sayingOf(options: AssessOptions) {
  const said = [
    options.met === true && ('met' as const),
    options.notMet === true && ('not-met' as const),
    options.notApplicable === true && ('not-applicable' as const),
    options.alternative === true && ('alternative' as const),
    options.notReasonable === true && ('not-reasonable' as const),
  ].filter((one) => one !== false)
  const [only] = said
  if (only === undefined || said.length > 1)
    throw usageError(
      'a statement has exactly one kind',
      'give one of --met, --not-met, --not-applicable, --alternative, --not-reasonable',
    )
  return only
}

function registerActions(group: Command, cli: Cli): void {
  const plan = define(group, {
    usage: 'plan <row>',
    summary: 'plan an action to close a gap',
    examples: [
      `nocturne assess plan S-25 --owner operator-1 --due 2026-04-01 --text "back up every night" ${SITE}`,
    ],
  })
  addSourceOptions(plan)
    .requiredOption('--owner <id>', 'person who is responsible')
    .requiredOption('--due <date>', 'due date')
    .requiredOption('--text <text>', 'what will be done')
    .action(async (row: string, options: AssessOptions) => {
      const output = cli.output(options)
      const { owner, due, text } = options
      const id = await withSource(options, cli, (source) => source.plan({ row, owner, due, text }))
      output.print(`planned as ${id}`)
      output.json({ id })
    })

  const done = define(group, {
    usage: 'done <action>',
    summary: 'record that an action was done, with evidence',
    examples: [
      `nocturne assess done 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --evidence "timer enabled, first backup on 2026-03-20" ${SITE}`,
    ],
  })
  addSourceOptions(done)
    .requiredOption('--evidence <text>', 'evidence that it was done')
    .action(async (action: string, options: AssessOptions) => {
      const output = cli.output(options)
      await withSource(options, cli, (source) => source.finish(action, options.evidence))
      output.print(`done: ${action}`)
      output.json({ id: action })
    })
}

async function withSource<T>(
  options: AssessOptions,
  cli: Cli,
  work: (source: ComplianceSource) => Promise<T>,
): Promise<T> {
  const { withCompliance } = await import('../../officer/compliance-source.js')
  return withCompliance(options, cli, cli.output(options), work)
}
