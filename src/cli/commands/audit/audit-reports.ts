import type { Command } from 'commander'
import { instant } from '../../arguments.js'
import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { SITE_ACTOR } from '../../site/site.js'

interface ReportOptions extends SourceOptions {
  readonly facility: string
  readonly from: string
  readonly until: string
  readonly patient?: string
  readonly idFile?: string
  readonly issuer: string
  readonly reader?: string
  readonly transfer?: string
  readonly out: string
  readonly json?: boolean
}

type Report = 'accounting' | 'dossier'

export const registerAuditAccounting: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'accounting',
    summary: 'write the accounting of disclosures (45 CFR 164.528) of a facility, as PDF and CSV',
    examples: [
      'nocturne audit accounting --facility facility-a --from 2026-01-01 --until 2027-01-01 --id-file patient-id.txt --out accounting --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addReportOptions(command).action((options: ReportOptions) => write('accounting', options, cli))
}

export const registerAuditDossier: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'dossier',
    summary:
      'write the facts of a suspected breach from the ledger (45 CFR 164.402), as PDF and CSV',
    examples: [
      'nocturne audit dossier --facility facility-a --from 2026-03-01 --until 2026-03-08 --reader reader-1 --out dossier --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addReportOptions(command)
    .option('--reader <id>', 'only what this reader fetched, or had a key for')
    .option('--transfer <id>', 'only this transfer')
    .action((options: ReportOptions) => write('dossier', options, cli))
}

const addReportOptions = (command: Command): Command =>
  addSourceOptions(command)
    .requiredOption('--facility <id>', 'facility whose patients are concerned')
    .requiredOption('--from <time>', 'on or after this date or instant', instant)
    .requiredOption('--until <time>', 'before this date or instant', instant)
    .option('--patient <handle>', 'only this patient, given by keyed handle')
    .option('--id-file <file>', 'only this patient, given by the Patient ID in this file')
    .option(
      '--issuer <name>',
      'only under this Issuer of Patient ID; without it, under every issuer',
      '',
    )
    .requiredOption('--out <dir>', 'folder to write')

async function write(report: Report, options: ReportOptions, cli: Cli): Promise<void> {
  const output = cli.output(options)
  const { facility, from, until, patient, idFile, issuer, reader, transfer, out } = options
  if (Date.parse(from) >= Date.parse(until))
    throw usageError(
      '--until is not after --from',
      'give a period that begins at --from and ends before --until',
    )
  if (patient !== undefined && idFile !== undefined)
    throw usageError('the patient is given twice', 'give either --patient or --id-file')
  const [{ readPatientId }, { unpackReport }] = await Promise.all([
    import('../../audit/patient-id.js'),
    import('../../audit/report-files.js'),
  ])
  const patientId = idFile === undefined ? undefined : await readPatientId(idFile)
  const about = { facility, patient, patientId, issuer, reader, transfer }
  const files = await readLedger(options, cli, output, {
    what: 'own event',
    live: async (client) => {
      const [{ jsonCall }, { bodyOf }] = await Promise.all([
        import('../../client.js'),
        import('../../reader/download.js'),
      ])
      const call = jsonCall(`/v1/audit/${report}`, { ...about, from, until })
      return unpackReport(out, bodyOf(await client.open(call)))
    },
    direct: async ({ officer }) => {
      const period = { from: Date.parse(from), until: Date.parse(until) }
      const zip = await officer.report(SITE_ACTOR, report, { ...about, ...period })
      return unpackReport(out, zip)
    },
  })
  for (const file of files) output.print(file)
  output.json({ files })
}
