import { wholeNumber } from '../../arguments.js'
import { logIndex } from '../../audit/audit-filters.js'
import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { count } from '../../format.js'
import { showPage } from './audit-query.js'
import type { Page } from './audit-query.js'

interface PatientOptions extends SourceOptions {
  readonly facility: string
  readonly idFile: string
  readonly issuer: string
  readonly start?: number
  readonly end?: number
  readonly limit: number
  readonly json?: boolean
}

type PatientPage = Page & {
  readonly otherIssuers?: { readonly patients: number; readonly events: number } | undefined
}

const DEFAULT_LIMIT = 100

export const registerAuditPatient: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'patient',
    summary: 'show everything that touched a patient, by the ID that the facility uses',
    examples: [
      'nocturne audit patient --facility facility-a --id-file patient-id.txt --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addSourceOptions(command)
    .requiredOption('--facility <id>', 'facility that uses the ID')
    .requiredOption(
      '--id-file <file>',
      'file that contains the Patient ID (on the command line, other users of this machine could see it)',
    )
    .option(
      '--issuer <name>',
      'only under this Issuer of Patient ID; without it, under every issuer',
      '',
    )
    .option('--start <index>', 'from this index on', logIndex)
    .option('--end <size>', 'search the log as it was when it had this many entries', logIndex)
    .option('--limit <n>', 'show at most this many events', wholeNumber(1, 1000), DEFAULT_LIMIT)
    .action(async (options: PatientOptions) => {
      const output = cli.output(options)
      const { facility, issuer, start, end, limit } = options
      const { readPatientId } = await import('../../audit/patient-id.js')
      const patientId = await readPatientId(options.idFile)
      const page = {
        limit,
        ...(start !== undefined && { start }),
        ...(end !== undefined && { end }),
      }
      const answer = await readLedger<PatientPage>(options, cli, output, {
        what: 'events',
        live: async (client) => {
          const [{ patientAnswer }, { parseAnswer }] = await Promise.all([
            import('../../../protocol/http/audit.js'),
            import('../../parse-answer.js'),
          ])
          const asked = { facility, patientId, issuer, ...page }
          return parseAnswer(patientAnswer, await client.post('/v1/audit/patient', asked))
        },
        direct: async ({ ledger, officer }) => {
          const { readPage } = await import('../../../ledger/log/index.js')
          const found = await officer.findPatient(facility, { patientId, issuer })
          const events = await readPage(ledger, { ...page, touching: found.handles })
          return { ...events, ...(await officer.underOtherIssuers(found)) }
        },
      })
      showPage(output, answer)
      if (answer.otherIssuers !== undefined && issuer !== '')
        output.warn(
          `the same Patient ID has ${count(answer.otherIssuers.events, 'event')} under ${count(answer.otherIssuers.patients, 'other issuer')}: leave out --issuer to include them`,
        )
    })
}
