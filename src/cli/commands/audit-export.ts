import { addFilterOptions, toEventQuery, toQueryString } from '../audit-filters.js'
import type { FilterOptions } from '../audit-filters.js'
import { addSourceOptions, readLedger } from '../audit-source.js'
import type { SourceOptions } from '../audit-source.js'
import { define } from '../command.js'
import type { Register } from '../command.js'

interface AuditExportOptions extends SourceOptions, FilterOptions {
  readonly out: string
  readonly json?: boolean
}

export const registerAuditExport: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'export',
    summary: 'write events with their proofs to a file that anybody can verify',
    examples: [
      'nocturne audit export --facility facility-a --out march.ndjson --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addFilterOptions(addSourceOptions(command))
    .requiredOption('--out <file>', 'file to write')
    .action(async (options: AuditExportOptions) => {
      const output = cli.output(options)
      const { writeWhole } = await import('../local-write.js')
      const progress = output.progress({ label: 'exporting' })
      let bytes = 0
      const write = (lines: AsyncIterable<Uint8Array | string>) =>
        writeWhole(
          options.out,
          watch(lines, (count) => {
            bytes += count
            progress.addBytes(count)
          }),
          { mayReplace: false },
        )
      await readLedger(options, cli, output, {
        what: 'export',
        live: async (client) => {
          const path = `/v1/audit/export${toQueryString(options)}`
          const { bodyOf } = await import('../download.js')
          await write(bodyOf(await client.open({ path })))
        },
        direct: async (ledger) => {
          const { exportLedger } = await import('../../ledger/index.js')
          await write(exportLedger(ledger, await toEventQuery(options)))
        },
      })
      progress.clear()
      output.print(`${options.out}: verify it with nocturne audit verify ${options.out}`)
      output.json({ file: options.out, bytes })
    })
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
