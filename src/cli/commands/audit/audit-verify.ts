import type { LedgerEntry, VerifyReport } from '../../../ledger/log/index.js'
import type { PackageReport, ReceiptReport } from '../../../ledger/verify/index.js'
import type { Copied } from '../../audit/audit-verify.js'
import { addSourceOptions, checkSource } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { EXIT, usageError } from '../../command-error.js'
import { count } from '../../format.js'
import type { Output } from '../../output.js'

interface VerifyOptions extends SourceOptions {
  readonly ledgerKey?: string
  readonly policy?: string
  readonly json?: boolean
}

export const registerAuditVerify: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'verify [file]',
    summary:
      'verify an export, a receipt or a copy of the published log offline, or a site, or a running gateway',
    examples: [
      'nocturne audit verify march.zip --ledger-key ledger.vkey',
      'nocturne audit verify march.ndjson --ledger-key ledger.vkey',
      'nocturne audit verify copy-of-bucket/log --ledger-key ledger.vkey',
      'nocturne audit verify --site /srv/nocturne',
    ],
  })
  addSourceOptions(command)
    .option(
      '--ledger-key <key>',
      "the log's public key, or a file that contains it (keys/ledger.vkey)",
    )
    .option(
      '--policy <file>',
      'policy (c2sp.org/tlog-policy) for a receipt: trusted logs and required witnesses',
    )
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const output = cli.output(options)
      const [verify, { readLedgerKey }] = await Promise.all([
        import('../../audit/audit-verify.js'),
        import('../../audit/ledger-key.js'),
      ])
      const key =
        options.ledgerKey === undefined ? undefined : await readLedgerKey(options.ledgerKey)
      if (file === undefined) {
        const source = checkSource(options)
        const report =
          'site' in source
            ? await verify.verifySite(source.site, key)
            : await verify.verifyLive(source, key, cli, output)
        show(output, report)
        return
      }
      if (options.policy !== undefined && options.ledgerKey === undefined) {
        show(output, await verify.verifyReceiptFile(file, options.policy))
        return
      }
      if (options.gateway !== undefined || options.site !== undefined || key === undefined) {
        throw usageError(
          'a file is verified with --ledger-key alone',
          "give the log's key as you received it when the gateway was set up, not one that came with the file",
        )
      }
      show(output, await verify.verifyFile(file, key))
    })
}

/** The first few; `--json` shows all. */
function rangesOf(pruned: NonNullable<VerifyReport['pruned']>): string {
  const shown = pruned.slice(0, 5).map(([from, until]) => `${from} to ${until - 1}`)
  return [...shown, ...(pruned.length > shown.length ? ['...'] : [])].join(', ')
}

/**
 * `download.begun by reader-1 at 2026-03-01T02:14:07.512Z, transfer 0190…/3`; for an entry of
 * another log, its content.
 */
function whatHappened(entry: string): string {
  try {
    const { type, actor, time, transfer, item } = JSON.parse(entry) as LedgerEntry
    const where = item === undefined ? transfer : `${transfer ?? ''}/${item}`
    return `${type} by ${actor.id} at ${time}${where === undefined ? '' : `, transfer ${where}`}`
  } catch {
    return entry
  }
}

type Shown = Partial<PackageReport> &
  Copied &
  Pick<VerifyReport, 'ok'> &
  Pick<ReceiptReport, 'index' | 'entry'>

function show(output: Output, report: Shown): void {
  output.json(report)
  if (report.lineEndingsChanged !== undefined)
    output.warn(
      `the line endings of ${report.lineEndingsChanged.join(', ')} were converted after the export, which changes no event; they were read as exported`,
    )
  const { ok, size = 0, root, badIndex, problem, about, checked = size, pruned = [] } = report
  if (ok && about) {
    const { by, at } = about.asked
    output.print(
      `the export verifies: ${count(checked, 'event')} of a log of ${count(size, 'entry', 'entries')}`,
    )
    if (pruned.length > 0)
      output.print(`pruned under the retention policy, according to the log: ${rangesOf(pruned)}`)
    output.print(`requested by ${by} at ${at}, according to the log`)
    if (report.isRenderingChecked === false && about.rendering !== 'ndjson')
      output.warn(
        `the ${about.rendering} file was made by another version and was not compared: use verify.html in the ZIP`,
      )
    const names = Object.keys(report.witnesses ?? {})
    output.print(
      names.length > 0
        ? `cosigned by ${names.join(', ')}${report.isWitnessed === true ? '' : ', fewer than required'}`
        : 'not cosigned by any witness: only the key of the log vouches for it',
    )
    return
  }
  if (ok && report.index !== undefined) {
    const entries = count(size, 'entry', 'entries')
    output.print(`the receipt verifies: entry ${report.index} of a log of ${entries}`)
    output.print(`  ${whatHappened(report.entry ?? '')}`)
    return
  }
  if (ok) {
    const gone = pruned.reduce((sum, [from, until]) => sum + until - from, 0)
    output.print(
      checked + gone < size
        ? `the export verifies: ${count(checked, 'event')} of a log of ${count(size, 'entry', 'entries')}`
        : `the ledger verifies: ${count(size, 'entry', 'entries')}, root ${root ?? ''}`,
    )
    if (gone > 0)
      output.print(
        `${count(gone, 'entry was', 'entries were')} pruned under the retention policy: ${rangesOf(pruned)}`,
      )
    return
  }
  output.print(`does not verify: ${problem ?? ''}`)
  if (badIndex !== undefined) output.print(`the first invalid index is ${badIndex}`)
  output.exitCode = EXIT.failed
}
