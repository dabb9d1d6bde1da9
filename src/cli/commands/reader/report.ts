import { Option } from 'commander'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { formatFingerprint } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { Agreement, ReportStatus } from '../../../protocol/report.js'

interface ReportOptions extends GatewayOptions, KeyOptions {
  readonly status: ReportStatus
  readonly agreement?: Agreement
  readonly text: string
  readonly name?: string
  readonly json?: boolean
}

export const registerReport: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'report',
    summary: 'sign a report, seal it to the facility, and send it',
    examples: [
      'nocturne report K7Q-4MD --status preliminary --text report.txt --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc',
      'nocturne report K7Q-4MD --status final --agreement agree --text final.txt report.pdf --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc',
    ],
  })
  addKeyOptions(addGatewayOptions(command))
    .argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
    .argument('[file...]', 'PDF, DICOM, PNG or JPEG files to attach')
    .addOption(
      new Option('--status <status>', 'kind of report')
        .choices(['preliminary', 'final', 'addendum'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--agreement <agreement>',
        'whether a final report agrees with the preliminary one before it',
      ).choices(['agree', 'minor', 'major']),
    )
    .requiredOption(
      '--text <file>',
      'text with its sections under INDICATION:, TECHNIQUE:, COMPARISON:, FINDINGS:, IMPRESSION:',
    )
    .option('--name <name>', 'your name as it appears under the report')
    .action((name: string, files: string[], options: ReportOptions) =>
      report(cli, name, files, options),
    )
}

async function report(
  cli: Cli,
  name: string,
  files: readonly string[],
  options: ReportOptions,
): Promise<void> {
  const output = cli.output(options)
  const [
    { sendReport },
    { sectionsOf },
    { readAttachments },
    { whoAmI },
    { readGateway },
    { readKey },
    secrets,
  ] = await Promise.all([
    import('../../reader/report.js'),
    import('../../reader/reporting/report-text.js'),
    import('../../reader/reporting/report-attachments.js'),
    import('../../reader/take-claim.js'),
    import('../../reader/pull-targets.js'),
    import('../../key-options.js'),
    import('../../secret-file.js'),
  ])
  const sections = sectionsOf(await secrets.readSmallText(options.text))
  const attachments = await readAttachments(files)
  const key = await readKey(options, output)
  const { status, agreement, name: authorName } = options
  const { answer, sealedTo } = await withGateway(options, cli, output, async (client) => {
    const work = {
      ...{ client, key, signal: cli.signal, reader: await whoAmI(client) },
      gateway: await readGateway(client, []),
      onRetry: () => output.warn('the connection broke; trying again'),
    }
    const written = { status, agreement, authorName, sections, attachments: [...attachments] }
    return sendReport(work, name, written)
  })
  output.json({ ...answer, sealedTo })
  output.print(`${status} report on ${answer.report.code} sent: ${answer.report.id}`)
  for (const { id, fingerprint } of sealedTo)
    output.print(`  sealed to ${id}, ${formatFingerprint(fingerprint)}`)
}
