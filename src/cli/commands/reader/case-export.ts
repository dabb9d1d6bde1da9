import type { Command } from 'commander'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli } from '../../command.js'
import { EXIT, toErrorJson } from '../../command-error.js'
import { count } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface ExportOptions extends GatewayOptions {
  readonly from: string
  readonly out: string
  readonly profile: string
  readonly json?: boolean
}

export function registerExport(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'export',
    summary: 'copy an opened case for teaching or research, without a link to its patient',
    examples: [
      'nocturne case export K7Q-4MD --from night --out teaching --gateway https://gateway.example.org --token-file reader-1.token',
    ],
  }).argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
  addGatewayOptions(command)
    .requiredOption('--from <dir>', 'folder into which `nocturne pull` opened the case')
    .requiredOption('--out <dir>', 'folder for the copy; its files are named by new UIDs')
    .option('--profile <name>', 'strip, or a YAML file with a profile that keeps no link', 'strip')
    .action((name: string, options: ExportOptions) => exportOne(cli, name, options))
}

async function exportOne(cli: Cli, name: string, options: ExportOptions): Promise<void> {
  const output = cli.output(options)
  const { exportCase } = await import('../../reader/case-export.js')
  const { answer, reports, documents } = await withGateway(options, cli, output, (client) =>
    exportCase(client, name, options, output),
  )
  const files: string[] = []
  const failed: unknown[] = []
  for await (const { file, opened, error } of reports) {
    cli.signal.throwIfAborted()
    if (opened !== undefined) files.push(opened)
    if (!error) continue
    failed.push({ file, ...toErrorJson(error) })
    output.warn(`${file}: ${error.message}`)
  }
  if (documents > 0) output.warn(`${count(documents, 'document')} not copied: only images are`)
  if (failed.length > 0) output.exitCode = EXIT.partial
  output.json({ ...answer, files, failed, documents })
  output.print(`${count(files.length, 'image')} of ${answer.case.code} copied to ${options.out}`)
}
