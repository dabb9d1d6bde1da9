import { Option } from 'commander'
import type { UploadAnswer } from '../../../protocol/http/transfers.js'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { EXIT } from '../../command-error.js'
import { count, formatBytes } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'
import { placeText } from '../../../lib/place.js'
import type { UploadReport } from '../../sender/upload.js'
import { PRIORITIES } from '../../../protocol/priority.js'

interface SendOptions extends GatewayOptions {
  readonly group?: string
  readonly case?: string
  readonly priority?: string
  readonly json?: boolean
}

const OUTCOMES = ['accepted', 'duplicate', 'quarantined', 'refused'] as const

/** Exit status 0 when every file was accepted or was already there; otherwise 1. */
export const registerSend: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'send <path...>',
    summary: 'send files, folders and ZIPs as one transfer',
    examples: [
      'nocturne send ct-head/ requisition.pdf --gateway https://gateway.example.org --token-file ct-1.token --group nights --priority stat',
    ],
  })
  addGatewayOptions(command)
    .option('--group <id>', 'reading group; may be omitted if your facility has only one')
    .addOption(new Option('--priority <priority>', 'how soon it must be read').choices(PRIORITIES))
    .option('--case <case>', 'case that these late images or documents belong to', caseName)
    .action(async (paths: string[], options: SendOptions) => {
      const output = cli.output(options)
      const { listFiles } = await import('../../sender/files.js')
      const files = await listFiles(paths)
      const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
      const report = await withGateway(options, cli, output, async (client) => {
        const { upload } = await import('../../sender/upload.js')
        const progress = output.progress({ label: 'sending', totalBytes, totalItems: files.length })
        try {
          return await upload({
            client,
            files,
            group: options.group,
            priority: options.priority,
            case: options.case,
            progress,
            signal: cli.signal,
            onRetry: () => output.warn('the gateway did not accept it; retrying'),
          })
        } finally {
          progress.clear()
        }
      })
      show(output, report, `${count(files.length, 'file')}, ${formatBytes(totalBytes)}`)
    })
}

function show(output: Output, { answer, paths }: UploadReport, sent: string): void {
  const counts = OUTCOMES.map((outcome) => ({
    outcome,
    number: answer.items.filter((item) => item.outcome === outcome).length,
  }))
  const missing = answer.items.filter(({ outcome }) => !isIn(outcome))
  if (!isAvailable(answer)) {
    output.print('nothing was accepted; no transfer was created')
  } else {
    output.print(`transfer ${answer.id ?? ''}`)
  }
  const summary = counts.filter(({ number }) => number > 0)
  output.print(
    `${sent}: ${summary.map(({ outcome, number }) => `${number} ${outcome}`).join(', ')}`,
  )
  for (const { index, outcome, code = '', hint = '', where } of missing) {
    output.print(`  item ${index}  ${outcome}  ${code}  ${paths.get(index) ?? ''}`.trimEnd())
    if (where) output.print(`    ${placeText(where)}`)
    if (hint !== '') output.print(`    hint: ${hint}`)
  }
  output.json(answer)
  if (missing.length > 0 || !isAvailable(answer)) output.exitCode = EXIT.failed
}

const isIn = (outcome: string) => outcome === 'accepted' || outcome === 'duplicate'
const isAvailable = (answer: UploadAnswer) =>
  answer.id !== undefined && answer.items.some(({ outcome }) => isIn(outcome))
