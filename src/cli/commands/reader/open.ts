import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { collect } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { about, EXIT, toErrorJson, usageError } from '../../command-error.js'
import { count } from '../../format.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { Output } from '../../output.js'
import type { DumpedReport } from '../../reader/dumped.js'
import type { PrivateKey } from '../../../seal/keys/index.js'

interface OpenOptions extends KeyOptions {
  readonly out: string
  readonly gatewayCertificate?: readonly string[]
  readonly ledgerKey?: string
  readonly json?: boolean
}

/** Continues after a file that does not open; nothing of that file is left behind. */
export const registerOpen: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'open <file...>',
    summary: 'open sealed files or a dumped transfer on disk',
    examples: [
      'nocturne open item-1.pgp --key reader-1.asc --out opened',
      'nocturne open copy --gateway-certificate gateway.asc --key reader-1.asc --out opened',
    ],
  })
  addKeyOptions(command)
    .requiredOption('--out <dir>', 'folder for the opened files')
    .option(
      '--gateway-certificate <file>',
      'certificate of the gateway that signed the manifest, for a folder written by nocturne dump; may be repeated',
      collect,
    )
    .option(
      '--ledger-key <key>',
      "the ledger's key, or a file that contains it: requires proof that the manifest is in the ledger",
    )
    .action((files: string[], options: OpenOptions) => openAll(files, options, cli))
}

async function openAll(files: readonly string[], options: OpenOptions, cli: Cli): Promise<void> {
  const output = cli.output(options)
  const [{ makeFolder }, { readKey }] = await Promise.all([
    import('../../local-write.js'),
    import('../../key-options.js'),
  ])
  const key = await readKey(options, output)
  await makeFolder(options.out)
  const work: Work = { options, key, output, signal: cli.signal }
  const opened: unknown[] = []
  for (const file of files) {
    cli.signal.throwIfAborted()
    try {
      opened.push(await ((await isFolder(file)) ? openFolder(file, work) : openFile(file, work)))
    } catch (error) {
      const named = about(file, error)
      if (files.length === 1) throw named
      output.failed(named)
      opened.push({ file, error: toErrorJson(named) })
    }
  }
  output.json({ files: opened })
}

interface Work {
  readonly options: OpenOptions
  readonly key: PrivateKey
  readonly output: Output
  readonly signal: AbortSignal
}

/** One sealed message to a file whose name tells what it holds. */
async function openFile(file: string, { options, key, output }: Work) {
  const [{ nodeCiphers }, { openMessage }, { openedName }, { writeWhole }, { peek }, messages] =
    await Promise.all([
      import('../../../seal/index.js'),
      import('../../../seal/open/index.js'),
      import('../../../protocol/opened-names.js'),
      import('../../local-write.js'),
      import('../../reader/peek.js'),
      import('../../reader/message-file.js'),
    ])
  const content = openMessage(messages.readMessageFile(file), [key], {
    ciphers: nodeCiphers,
    isTransient: true,
  })
  const { head, whole } = await peek(content)
  const target = join(options.out, openedName(basename(file), head))
  await writeWhole(target, whole, { mayReplace: false })
  output.print(`${file} -> ${target}`)
  return { file, opened: target }
}

/** What `nocturne dump` wrote, checked against its signed manifest. */
async function openFolder(folder: string, { options, key, output, signal }: Work) {
  const paths = options.gatewayCertificate ?? []
  if (paths.length === 0) {
    throw usageError(
      `no gateway certificate given: ${folder}`,
      "add --gateway-certificate FILE: keys/gateway.asc of the gateway's site",
    )
  }
  const [{ openDumped }, { shortfallText }, { readSigners }, { readLedgerKey }] = await Promise.all(
    [
      import('../../reader/dumped.js'),
      import('../../../protocol/outcomes.js'),
      import('../../reader/pull-targets.js'),
      import('../../audit/ledger-key.js'),
    ],
  )
  const errors: unknown[] = []
  const { out, ledgerKey } = options
  const report = await openDumped({
    ...{ folder, key, out, signal },
    signers: await readSigners(paths),
    ledgerKey: ledgerKey === undefined ? undefined : await readLedgerKey(ledgerKey),
    onFailed: (error) => {
      output.failed(error)
      errors.push(toErrorJson(error))
    },
  })
  const lacks = report.shortfall && shortfallText(report.shortfall)
  showFolder(folder, report, lacks, output)
  return { file: folder, ...report, ...(errors.length > 0 && { errors }) }
}

function showFolder(
  folder: string,
  report: DumpedReport,
  lacks: string | undefined,
  output: Output,
): void {
  output.print(
    `${folder} -> ${report.folder}: ${report.opened} of ${count(report.items, 'item')} opened; they match the signed manifest`,
  )
  if (lacks !== undefined) {
    output.print(`NOT WHOLE: ${lacks} when it was sealed; ask the facility before you read`)
    if (output.exitCode === EXIT.done) output.exitCode = EXIT.partial
  }
  if (report.loggedAt !== undefined)
    output.print(`the manifest has been in the ledger since ${report.loggedAt}`)
  if (report.hasKeyEnded)
    output.warn(
      `the key that signed the manifest has since expired or been replaced; only its holder vouches for the date ${report.signedAt.slice(0, 10)}: add --ledger-key to check it against the ledger`,
    )
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
