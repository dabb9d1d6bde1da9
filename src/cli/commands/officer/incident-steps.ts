import { Option } from 'commander'
import type { Command } from 'commander'
import { wholeNumber } from '../../arguments.js'
import { addSourceOptions } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Cli } from '../../command.js'
import { usageError } from '../../command-error.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { ShownEntry } from '../../officer/compliance-source.js'
import { incidentsIn, inRegister, withIncidents } from '../../officer/incident-source.js'
import type { Output } from '../../output.js'
import { DECISIONS } from '../../../protocol/incident-decision.js'

const SITE = '--site /srv/nocturne'
const LIVE = '--gateway https://gateway.example.org --token-file officer-1.token'
export const FACTORS = ['nature', 'recipient', 'viewed', 'mitigation'] as const

type AssessOptions = SourceOptions & { readonly json?: boolean } & Readonly<
    Partial<Record<`${(typeof FACTORS)[number]}File`, string>>
  >

export function registerAssess(group: Command, cli: Cli): void {
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

export function registerDecide(group: Command, cli: Cli): void {
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

export function registerPack(group: Command, cli: Cli): void {
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
        const { unpackReport } = await import('../../audit/report-files.js')
        const files = await withIncidents(options, cli, output, async (source) =>
          unpackReport(options.out, await source.pack(incident)),
        )
        for (const file of files) output.print(file)
        output.json({ files })
      },
    )
}

export function registerLog(group: Command, cli: Cli): void {
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
