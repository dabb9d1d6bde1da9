import { Option } from 'commander'
import type { Command } from 'commander'
import { collect, wholeNumber } from '../../arguments.js'
import { addSourceOptions } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { ShownEntry } from '../../officer/compliance-source.js'
import type { Output } from '../../output.js'
import { DECISIONS } from '../../../protocol/incident-decision.js'
import type { IncidentAnswer } from '../../../protocol/http/compliance.js'

const SITE = '--site /srv/nocturne'
const LIVE = '--gateway https://gateway.example.org --token-file officer-1.token'
const KINDS = [
  'lost-device',
  'lost-key',
  'wrong-recipient',
  'unauthorised-access',
  'malware',
  'other',
] as const
const FACTORS = ['nature', 'recipient', 'viewed', 'mitigation'] as const

export const registerIncident: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'incident',
    'incidents: facts, four factors, deadlines, notices',
  )
  registerOpen(group, cli)
  registerList(group, cli)
  registerShow(group, cli)
  registerAssess(group, cli)
  registerDecide(group, cli)
  registerPack(group, cli)
  registerLog(group, cli)
}

interface OpenOptions extends SourceOptions {
  readonly kind: (typeof KINDS)[number]
  readonly discovered: string
  readonly reader?: readonly string[]
  readonly keyFingerprint?: readonly string[]
  readonly device?: string
  readonly alert?: number
  readonly from?: string
  readonly until?: string
  readonly json?: boolean
}

function registerOpen(group: Command, cli: Cli): void {
  const open = define(group, {
    usage: 'open <incident>',
    summary: 'open an incident under an ID of its own, about a person, a key, a device or an alert',
    examples: [
      `nocturne incident open laptop-1 --kind lost-device --discovered 2026-07-02 --reader reader-1 ${SITE}`,
    ],
  })
  addSourceOptions(open)
    .addOption(new Option('--kind <kind>', 'what happened').choices(KINDS).makeOptionMandatory())
    .requiredOption('--discovered <date>', 'day on which it was discovered')
    .option('--reader <id>', 'reader whose key or device is concerned', collect)
    .option('--key-fingerprint <hex>', 'key concerned; its holder is known to the ledger', collect)
    .option('--device <id>', 'entry of the device in the register: its holder is concerned')
    .option('--alert <index>', 'entry of the alert in the ledger', wholeNumber(0, 2 ** 49))
    .option('--from <date>', 'first day on which data may have been exposed; all if omitted')
    .option('--until <date>', 'last such day; today if omitted')
    .action(async (incident: string, options: OpenOptions) => {
      const output = cli.output(options)
      const fields = await fieldsOfOpening(incident, options, cli, output)
      const [id = ''] = await inRegister(options, cli, output, (source) =>
        source.add('incident', [{ fields }]),
      )
      output.print(`opened ${incident}; next: nocturne incident show ${incident}`)
      output.json({ id, incident })
    })
}

async function fieldsOfOpening(
  incident: string,
  options: OpenOptions,
  cli: Cli,
  output: Output,
): Promise<Readonly<Record<string, string>>> {
  const { kind, discovered, from, until, device, alert, keyFingerprint = [] } = options
  const readers = [...(options.reader ?? [])]
  if (device !== undefined) readers.push(await holderOf(device, options, cli, output))
  if (alert !== undefined) {
    const { withIncidents } = await import('../../officer/incident-source.js')
    const subject = await withIncidents(options, cli, output, (source) =>
      source.subjectOfAlert(alert),
    )
    if (subject === undefined)
      throw usageError(
        'this entry is not an alert about a person',
        'give its index: nocturne audit query --type alert.raised',
      )
    readers.push(subject.split(' ')[0] ?? '')
  }
  if (readers.length + keyFingerprint.length === 0)
    throw usageError(
      'no person, key or device is given',
      'give --reader, --key-fingerprint, --device or --alert',
    )
  return {
    ...{ incident, kind, discovered },
    ...(readers.length > 0 && { readers: [...new Set(readers)].join(',') }),
    ...(keyFingerprint.length > 0 && { keys: keyFingerprint.join(',').toLowerCase() }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
}

async function holderOf(
  device: string,
  options: SourceOptions,
  cli: Cli,
  output: Output,
): Promise<string> {
  const devices = await inRegister(options, cli, output, (source) => source.list('device'))
  const found = devices.find(({ id }) => id === device)
  if (found) return found.subject
  throw usageError('there is no device with this ID', 'see: nocturne register list device')
}

async function inRegister<T>(
  options: SourceOptions,
  cli: Cli,
  output: Output,
  work: Parameters<typeof import('../../officer/compliance-source.js').withCompliance<T>>[3],
): Promise<T> {
  const { withCompliance } = await import('../../officer/compliance-source.js')
  return withCompliance(options, cli, output, work)
}

const incidentsIn = async (options: SourceOptions, cli: Cli, output: Output) =>
  (await inRegister(options, cli, output, (source) => source.list('incident'))).filter(
    ({ endedAt }) => endedAt === undefined,
  )

const fieldOf = ({ data }: ShownEntry, name: string): string => {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}

function registerList(group: Command, cli: Cli): void {
  const list = define(group, {
    usage: 'list',
    summary: 'list incidents with their next deadline',
    examples: [`nocturne incident list ${SITE}`],
  })
  addSourceOptions(list).action(async (options: SourceOptions & { readonly json?: boolean }) => {
    const output = cli.output(options)
    const { nextDeadlines } = await import('../../officer/incident-deadlines.js')
    const entries = await incidentsIn(options, cli, output)
    const shown = nextDeadlines(entries, Date.now())
    if (shown.length === 0) output.print('no incidents')
    else
      output.table(
        ['INCIDENT', 'KIND', 'DISCOVERED', 'DECISION', 'NEXT DEADLINE'],
        shown.map(({ entry, next }) => [
          ...[entry.subject, fieldOf(entry, 'kind'), fieldOf(entry, 'discovered')],
          fieldOf(entry, 'decision') || 'open',
          next === undefined ? 'none' : `${next.due} ${next.cite} ${next.state}`,
        ]),
      )
    output.json({ incidents: shown })
  })
}

function registerShow(group: Command, cli: Cli): void {
  const show = define(group, {
    usage: 'show <incident>',
    summary: 'show what was viewed, what was only possible, and the deadlines',
    examples: [`nocturne incident show laptop-1 ${SITE}`],
  })
  addSourceOptions(show).action(
    async (incident: string, options: SourceOptions & { readonly json?: boolean }) => {
      const output = cli.output(options)
      const { withIncidents } = await import('../../officer/incident-source.js')
      const answer = await withIncidents(options, cli, output, (source) => source.show(incident))
      print(output, answer)
      output.json(answer)
    },
  )
}

function print(output: Output, { facts, deadlines, data }: IncidentAnswer): void {
  output.table(
    ['READER', 'VIEWED', 'FETCHED', 'LISTED', 'OPENABLE'],
    facts.readers.map(({ id, transfers: { viewed, fetched, listed, openable } }) => [
      ...[id, String(viewed), String(fetched), String(listed), String(openable)],
    ]),
  )
  const { total, viewed } = facts.individuals
  output.print(`${total} individuals are concerned; data of ${viewed} is known to have been viewed`)
  for (const { reader, transfer, case: code } of facts.viewed)
    output.print(`viewed by ${reader}: ${typeof code === 'string' ? code : transfer}`)
  for (const { cite, what, due, state } of deadlines)
    output.print(`${due}  ${cite}  ${what}: ${state}`)
  const missing = FACTORS.filter((factor) => typeof data[factor] !== 'string')
  if (missing.length > 0)
    output.print(`factors to be assessed: ${missing.join(', ')} (nocturne incident assess)`)
}

type AssessOptions = SourceOptions & { readonly json?: boolean } & Readonly<
    Partial<Record<`${(typeof FACTORS)[number]}File`, string>>
  >

function registerAssess(group: Command, cli: Cli): void {
  const assess = define(group, {
    usage: 'assess <incident>',
    summary: 'record the reasoning about the four factors of 164.402(2)',
    examples: [`nocturne incident assess laptop-1 --mitigation-file mitigation.txt ${SITE}`],
  })
  addSourceOptions(assess)
    .option('--nature-file <file>', '(i) nature and extent of the data, and re-identification')
    .option('--recipient-file <file>', '(ii) who used it, or to whom it was disclosed')
    .option('--viewed-file <file>', '(iii) whether it was acquired or viewed')
    .option('--mitigation-file <file>', '(iv) how far the risk has been mitigated')
    .action(async (incident: string, options: AssessOptions) => {
      const output = cli.output(options)
      const { readSmallText } = await import('../../secret-file.js')
      const fields: Record<string, string> = {}
      for (const factor of FACTORS) {
        const file = options[`${factor}File`]
        if (file !== undefined) fields[factor] = await readSmallText(file)
      }
      if (Object.keys(fields).length === 0)
        throw usageError('no factor is given', 'give a file for at least one of them')
      const entry = await entryOf(incident, options, cli, output)
      const [id = ''] = await inRegister(options, cli, output, (source) =>
        source.add('incident', [{ fields, replaces: entry.id }]),
      )
      output.print(`recorded: ${Object.keys(fields).join(', ')}`)
      output.json({ id, incident })
    })
}

async function entryOf(
  incident: string,
  options: SourceOptions,
  cli: Cli,
  output: Output,
): Promise<ShownEntry> {
  const found = (await incidentsIn(options, cli, output)).findLast(
    ({ subject }) => subject === incident,
  )
  if (found) return found
  throw usageError('there is no incident with this ID', 'see: nocturne incident list')
}

interface DecideOptions extends GatewayOptions, KeyOptions {
  readonly decision: (typeof DECISIONS)[number]
  readonly by: string
  readonly json?: boolean
}

function registerDecide(group: Command, cli: Cli): void {
  const decide = define(group, {
    usage: 'decide <incident>',
    summary: 'decide whether it is a breach, signed with your key',
    examples: [
      `nocturne incident decide laptop-1 --decision breach --by officer-1 --key officer-1.asc ${LIVE}`,
    ],
  })
  addKeyOptions(addGatewayOptions(decide))
    .addOption(
      new Option('--decision <word>', 'a breach is presumed (164.402)')
        .choices(DECISIONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--by <id>', 'you, the officer who decides and signs')
    .action(async (incident: string, options: DecideOptions) => {
      const output = cli.output(options)
      const { decideSigned } = await import('../../officer/incident-decide.js')
      const { readKey } = await import('../../key-options.js')
      const key = await readKey(options, output)
      const { decision, by } = options
      const answer = await withGateway(options, cli, output, (client) =>
        decideSigned(client, { incident, decision, by, key }),
      )
      output.print(`decided: ${decision}, signed by ${by}`)
      output.json(answer)
    })
}

function registerPack(group: Command, cli: Cli): void {
  const pack = define(group, {
    usage: 'pack <incident>',
    summary: 'write the evidence (164.414(b)): PDF, CSV, notices, decision, and proofs',
    examples: [`nocturne incident pack laptop-1 --out laptop-1 ${SITE}`],
  })
  addSourceOptions(pack)
    .requiredOption('--out <dir>', 'folder to write')
    .action(
      async (
        incident: string,
        options: SourceOptions & { readonly out: string; readonly json?: boolean },
      ) => {
        const output = cli.output(options)
        const [{ withIncidents }, { unpackReport }] = await Promise.all([
          import('../../officer/incident-source.js'),
          import('../../audit/report-files.js'),
        ])
        const files = await withIncidents(options, cli, output, async (source) =>
          unpackReport(options.out, await source.pack(incident)),
        )
        for (const file of files) output.print(file)
        output.json({ files })
      },
    )
}

function registerLog(group: Command, cli: Cli): void {
  const log = define(group, {
    usage: 'log',
    summary: "write the year's breaches of fewer than 500 individuals as CSV (164.408(c))",
    examples: [`nocturne incident log --year 2026 --out breaches.csv ${SITE}`],
  })
  addSourceOptions(log)
    .requiredOption('--year <year>', 'year of discovery', wholeNumber(2000, 2200))
    .requiredOption('--out <file>', 'CSV file to write')
    .action(
      async (
        options: SourceOptions & {
          readonly year: number
          readonly out: string
          readonly json?: boolean
        },
      ) => {
        const output = cli.output(options)
        const [{ breachLog }, { once, writeWhole }] = await Promise.all([
          import('../../officer/incident-deadlines.js'),
          import('../../local-write.js'),
        ])
        const entries = await incidentsIn(options, cli, output)
        const { text, breaches } = breachLog(entries, options.year)
        await writeWhole(options.out, once(Buffer.from(text)))
        output.print(`${breaches} breaches of fewer than 500 individuals in ${options.year}`)
        output.json({ breaches, file: options.out })
      },
    )
}
