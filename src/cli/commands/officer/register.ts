import type { Command } from 'commander'
import { collect } from '../../arguments.js'
import { addSourceOptions } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import type { ComplianceSource, ShownEntry } from '../../officer/compliance-source.js'
import type { RegisterKind } from '../../../compliance/index.js'

interface RegisterOptions extends SourceOptions {
  readonly set?: readonly string[]
  readonly replaces?: string
  readonly all?: boolean
  readonly json?: boolean
}

const SITE = '--site /srv/nocturne'
const KIND =
  'organisation, agreement, training, policy, privilege, device, vendor, sanction or incident'

export const registerRegister: Register = (parent, cli) => {
  const group = defineGroup(parent, 'register', 'compliance registers: agreements, training, …')
  registerList(group, cli)
  registerAdd(group, cli)
  registerEnd(group, cli)
  registerImport(group, cli)
}

function registerList(group: Command, cli: Cli): void {
  const list = define(group, {
    usage: 'list <kind>',
    summary: 'list the entries in force',
    examples: [`nocturne register list agreement ${SITE}`],
  })
  addSourceOptions(list)
    .option('--all', 'include ended entries')
    .action(async (word: string, options: RegisterOptions) => {
      const output = cli.output(options)
      const kind = await kindOf(word)
      const entries = await withSource(options, cli, (source) => source.list(kind))
      const shown = entries.filter((one) => options.all === true || one.endedAt === undefined)
      if (shown.length === 0) output.print('no entries')
      else
        output.table(
          ['ID', 'ABOUT', 'UNTIL', 'FIELDS'],
          shown.map((one) => [one.id, one.subject, endOf(one), fieldsOf(one)]),
        )
      output.json({ kind, entries: shown })
    })

  const show = define(group, {
    usage: 'show <kind> <id>',
    summary: 'show one entry with all of its fields',
    examples: [`nocturne register show agreement 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 ${SITE}`],
  })
  addSourceOptions(show).action(async (word: string, id: string, options: RegisterOptions) => {
    const output = cli.output(options)
    const kind = await kindOf(word)
    const entries = await withSource(options, cli, (source) => source.list(kind))
    const found = entries.find((one) => one.id === id)
    if (!found)
      throw usageError(
        'there is no entry with this ID',
        `see:  nocturne register list ${kind} --all`,
      )
    for (const [name, value] of Object.entries(found.data))
      output.print(`${name}: ${textOf(value)}`)
    output.print(`recorded by: ${found.createdBy}`)
    output.json(found)
  })
}

function registerAdd(group: Command, cli: Cli): void {
  const add = define(group, {
    usage: 'add <kind>',
    summary: `add an entry: ${KIND}`,
    examples: [
      `nocturne register add agreement --set party=nights --set type=baa --set signed=2026-01-15 --set safeguards=yes ${SITE}`,
      `nocturne register add training --set person=reader-1 --set topic=hipaa --set completed=2026-02-01 --set until=2027-02-01 ${SITE}`,
    ],
  })
  addSourceOptions(add)
    .option('--set <field=value>', 'a field; separate the members of a list with commas', collect)
    .option('--replaces <id>', 'the entry that this one replaces; its other fields are kept')
    .action(async (word: string, options: RegisterOptions) => {
      const output = cli.output(options)
      const kind = await kindOf(word)
      const { replaces, set = [] } = options
      const fields = fieldsFrom(set)
      // Only the gateway knows the fields that are kept from a replaced entry.
      if (replaces === undefined) await checkFields(kind, fields)
      const [id = ''] = await withSource(options, cli, (source) =>
        source.add(kind, [{ fields, ...(replaces !== undefined && { replaces }) }]),
      )
      output.print(id)
      output.json({ id })
    })
}

function registerEnd(group: Command, cli: Cli): void {
  const end = define(group, {
    usage: 'end <kind> <id>',
    summary: 'end an entry: it stays on record but is no longer in force',
    examples: [`nocturne register end agreement 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 ${SITE}`],
  })
  addSourceOptions(end).action(async (word: string, id: string, options: RegisterOptions) => {
    const output = cli.output(options)
    const kind = await kindOf(word)
    await withSource(options, cli, (source) => source.end(kind, id))
    output.print(`ended ${id}`)
    output.json({ id })
  })
}

function registerImport(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'import <kind> <file>',
    summary: 'add the entries of a CSV file whose first line names the fields; adds all or none',
    examples: [`nocturne register import training training.csv ${SITE}`],
  })
  addSourceOptions(command).action(async (word: string, file: string, options: RegisterOptions) => {
    const output = cli.output(options)
    const kind = await kindOf(word)
    const { readEntryFile } = await import('../../officer/entry-file.js')
    const entries = await readEntryFile(file)
    for (const [i, fields] of entries.entries()) await checkFields(kind, fields, i + 2)
    const ids = await withSource(options, cli, (source) =>
      source.add(
        kind,
        entries.map((fields) => ({ fields })),
      ),
    )
    output.print(`${ids.length} entries added`)
    output.json({ ids })
  })
}

async function withSource<T>(
  options: RegisterOptions,
  cli: Cli,
  work: (source: ComplianceSource) => Promise<T>,
): Promise<T> {
  const { withCompliance } = await import('../../officer/compliance-source.js')
  return withCompliance(options, cli, cli.output(options), work)
}

async function kindOf(word: string): Promise<RegisterKind> {
  const { isRegisterKind } = await import('../../../compliance/index.js')
  if (isRegisterKind(word)) return word
  throw usageError(`there is no register with this name`, `give ${KIND}`)
}

function fieldsFrom(set: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const text of set) {
    const at = text.indexOf('=')
    if (at < 1) throw usageError('--set must be a field and a value', 'write --set party=nights')
    fields[text.slice(0, at)] = text.slice(at + 1)
  }
  return fields
}

/** @throws CommandError `usage` naming the field at fault and, for a file, the line */
async function checkFields(
  kind: RegisterKind,
  fields: Readonly<Record<string, string>>,
  line?: number,
): Promise<void> {
  const { KIND_RULES, readEntry } = await import('../../../compliance/index.js')
  const reading = readEntry(kind, fields)
  if (reading.ok) return
  const where = line === undefined ? '' : `line ${line}: `
  const rules = Object.entries(KIND_RULES[kind].fields)
  const all = rules.map(([name, { isRequired }]) => (isRequired === true ? name : `[${name}]`))
  throw usageError(
    `${where}${reading.field} ${reading.problem}`,
    `fields of ${kind}: ${all.join(', ')}`,
  )
}

const endOf = ({ until, endedAt }: ShownEntry): string =>
  endedAt === undefined ? (until ?? '') : `ended ${new Date(endedAt).toISOString().slice(0, 10)}`

const textOf = (value: ShownEntry['data'][string]): string =>
  typeof value === 'boolean'
    ? value
      ? 'yes'
      : 'no'
    : typeof value === 'string'
      ? value
      : value.join(', ')

const fieldsOf = ({ data }: ShownEntry): string =>
  Object.entries(data)
    .filter(([name]) => name !== 'document')
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(' ')
