/** Options of `pull --forward`, and what it prints. */
import type { Command } from 'commander'
import { wholeNumber } from '../../arguments.js'
import { EXIT, toErrorJson } from '../../command-error.js'
import type { ErrorJson } from '../../command-error.js'
import type { Cli } from '../../command.js'
import { count } from '../../format.js'
import type { Output } from '../../output.js'
import type { PacsTarget } from '../../pacs/address.js'
import type { ForwardReport } from '../../reader/forward/forward.js'

export interface ForwardOptions {
  readonly forward?: string
  readonly forwardCaFile?: string
  readonly forwardCertificate?: string
  readonly aeTitle: string
  readonly associations: number
}

export function addForwardOptions(command: Command): Command {
  return command
    .option(
      '--forward <title@host:port>',
      'send the opened instances to this PACS or workstation by C-STORE, in the transfer syntax they have',
    )
    .option('--forward-ca-file <file>', 'connect to it with TLS, and trust these PEM certificates')
    .option(
      '--forward-certificate <file>',
      'PEM file with the TLS client certificate that it asks for, and its key',
    )
    .option('--ae-title <title>', 'our AE title towards it', 'NOCTURNE')
    .option('--associations <n>', 'associations at the same time', wholeNumber(1, 16), 4)
}

export type Forwarded = ForwardReport | { readonly id: string; readonly error: ErrorJson }

/** Sends what these transfers hold and the PACS has not stored yet. */
export type Forwarder = (out: string, ids: readonly string[]) => Promise<readonly Forwarded[]>

/**
 * Undefined without `--forward`.
 *
 * @throws CommandError `usage`, `file_unreadable`
 */
export async function forwarderOf(
  options: ForwardOptions,
  cli: Cli,
  output: Output,
): Promise<Forwarder | undefined> {
  if (options.forward === undefined) return undefined
  const to = await targetOf(options, options.forward, output)
  const { forwardTransfer } = await import('../../reader/forward/forward.js')
  return async (out, ids) => {
    const reports: Forwarded[] = []
    for (const id of ids) {
      const onRetry = () => output.warn('the PACS did not take everything; retrying')
      const { associations } = options
      try {
        const work = { to, associations, signal: cli.signal, onRetry }
        const report = await forwardTransfer(out, id, work)
        if (!report) continue
        show(output, report, options.forward ?? '')
        reports.push(report)
      } catch (error) {
        if (cli.signal.aborted) throw error
        output.failed(error, `transfer ${id}`)
        reports.push({ id, error: toErrorJson(error) })
      }
    }
    return reports
  }
}

async function targetOf(
  options: ForwardOptions,
  address: string,
  output: Output,
): Promise<PacsTarget> {
  const [{ pacsAt }, { readSecretText }] = await Promise.all([
    import('../../pacs/address.js'),
    import('../../secret-file.js'),
  ])
  const { forwardCaFile: caFile, forwardCertificate, aeTitle } = options
  const example = 'PACS@workstation.example.org:2762'
  const place = { option: '--forward', what: 'PACS', example, caFile } as const
  const target = await pacsAt(address, aeTitle, place)
  if (!target.tls || forwardCertificate === undefined) return target
  const pem = await readSecretText(forwardCertificate, output)
  return { ...target, tls: { ...target.tls, cert: pem, key: pem } }
}

function show(output: Output, { id, stored, before, refused }: ForwardReport, to: string): void {
  if (stored > 0 || refused.length > 0) {
    const earlier = before > 0 ? `, ${before} earlier` : ''
    output.print(`${id}: ${count(stored, 'instance')} stored by ${to}${earlier}`)
  }
  if (refused.length === 0) return
  output.warn(
    `${count(refused.length, 'instance')} of ${id} refused by ${to}; ${refused.length === 1 ? 'it stays' : 'they stay'} in the folder, and the next run sends ${refused.length === 1 ? 'it' : 'them'} again`,
  )
  for (const { file, status } of refused)
    output.print(`  refused (${status ?? 'SOP class or transfer syntax not accepted'}): ${file}`)
  if (output.exitCode === EXIT.done) output.exitCode = EXIT.partial
}
