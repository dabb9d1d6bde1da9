import { wholeNumber } from '../../arguments.js'
import { logIndex } from '../../audit/audit-filters.js'
import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
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
    .option('--issuer <name>', 'Issuer of Patient ID, if the facility sends one', '')
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
      const answer = await readLedger<Page>(options, cli, output, {
        what: 'events',
        live: async (client) => {
          const [{ eventsAnswer }, { parseAnswer }] = await Promise.all([
            import('../../../protocol/http/audit.js'),
            import('../../parse-answer.js'),
          ])
          const asked = { facility, patientId, issuer, ...page }
          return parseAnswer(eventsAnswer, await client.post('/v1/audit/patient', asked))
        },
        direct: async ({ ledger, officer }) => {
          const { readPage } = await import('../../../ledger/log/index.js')
          const touching = await officer.patientHandles(facility, { patientId, issuer })
          return readPage(ledger, { ...page, touching })
        },
      })
      showPage(output, answer)
    })
}
