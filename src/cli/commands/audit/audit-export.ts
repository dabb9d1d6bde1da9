import { InvalidArgumentError, Option } from 'commander'
import type { PackageFormat } from '../../../ledger/export/index.js'
import { EXPORTED_QUESTIONS } from '../../../protocol/http/exported-questions.js'
import type { ExportedQuestion } from '../../../protocol/http/exported-questions.js'
import { addFilterOptions, toEventQuery, toQueryString } from '../../audit/audit-filters.js'
import type { FilterOptions } from '../../audit/audit-filters.js'
import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { SITE_ACTOR } from '../../site/site.js'

interface AuditExportOptions extends SourceOptions, FilterOptions {
  readonly out: string
  readonly format?: PackageFormat
  readonly question?: ExportedQuestion
  readonly json?: boolean
}

export const registerAuditExport: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'export',
    summary: 'write events with their proofs to a file that anyone can verify',
    examples: [
      'nocturne audit export --format csv --from 2026-03-01 --until 2026-04-01 --out march.zip --gateway https://gateway.example.org --token-file officer-1.token',
      'nocturne audit export --facility facility-a --out march.ndjson --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addFilterOptions(addSourceOptions(command))
    .requiredOption('--out <file>', 'file to write')
    .option(
      '--format <name>',
      `write a ZIP with the events as ${FORMATS.join(', ')} and a page that verifies them in a browser; without this option, write one file of lines`,
      formatName,
    )
    .addOption(
      new Option('--question <name>', 'the events that answer it').choices(EXPORTED_QUESTIONS),
    )
    .action((options: AuditExportOptions) => exportEvents(options, cli))
}

async function exportEvents(options: AuditExportOptions, cli: Cli): Promise<void> {
  const output = cli.output(options)
  const { format, out, question } = options
  if (question !== undefined && options.type !== undefined)
    throw usageError('--question and --type both choose the events', 'give one of the two')
  if (format === undefined && out.endsWith('.zip'))
    throw usageError('a ZIP needs --format', `give --format, one of ${FORMATS.join(', ')}`)
  const { writeWhole } = await import('../../local-write.js')
  const progress = output.progress({ label: 'exporting' })
  let bytes = 0
  const write = (lines: AsyncIterable<Uint8Array | string>) => {
    const watched = watch(lines, (count) => {
      bytes += count
      progress.addBytes(count)
    })
    return writeWhole(out, watched, { mayReplace: false })
  }
  await readLedger(options, cli, output, {
    what: 'own event',
    live: async (client) => {
      const more = { ...(format && { format }), ...(question && { question }) }
      const path = `/v1/audit/export${toQueryString(options, more)}`
      const { bodyOf } = await import('../../reader/download.js')
      await write(bodyOf(await client.open({ path })))
    },
    direct: async ({ officer }) => {
      const { filtersFor } = await import('../../../ledger/log/index.js')
      const query = { ...(await toEventQuery(options)), ...(question && filtersFor(question)) }
      await write(
        await (format === undefined
          ? officer.exportEvents(SITE_ACTOR, query)
          : officer.exportPackage(SITE_ACTOR, query, format)),
      )
    },
  })
  progress.clear()
  output.print(
    format === undefined
      ? `${out}: verify it with nocturne audit verify ${out} --ledger-key KEY`
      : `${out}: open verify.html in it with a browser, or run nocturne audit verify ${out} --ledger-key KEY`,
  )
  output.json({ file: out, bytes })
}

const FORMATS: readonly PackageFormat[] = ['csv', 'ndjson', 'fhir', 'dicom']

function formatName(text: string): PackageFormat {
  const found = FORMATS.find((name) => name === text)
  if (found) return found
  throw new InvalidArgumentError(`give one of ${FORMATS.join(', ')}`)
}

async function* watch(
  lines: AsyncIterable<Uint8Array | string>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const line of lines) {
    const bytes = typeof line === 'string' ? Buffer.from(line) : line
    onBytes(bytes.length)
    yield bytes
  }
}
