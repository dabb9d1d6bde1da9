import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { toErrorJson, usageError } from '../../command-error.js'
import { count } from '../../format.js'
import type { Output } from '../../output.js'
import type { ComparedFile } from '../../facility/diff-page.js'
import type { ItemReport } from '../../facility/local-deidentify.js'

interface DeidentifyOptions {
  readonly profile: string
  readonly out?: string
  readonly dryRun?: boolean
  readonly diff?: boolean
  readonly diffHtml?: string
  readonly statement?: boolean
  readonly secretFile?: string
  readonly encryptedAttributes?: string[]
  readonly textDetector?: boolean
  readonly json?: boolean
}

export const registerDeidentify: Register = (parent, cli) => {
  define(parent, {
    usage: 'deidentify [file...]',
    summary: 'de-identify DICOM files, and show what was done to each element',
    examples: [
      'nocturne deidentify ct-head/ --profile pseudonymize --dry-run',
      'nocturne deidentify slice.dcm --profile strip --out clean',
      'nocturne deidentify ct-head/ --profile pseudonymize --diff-html comparison.html',
      'nocturne deidentify --profile strip --statement > conformance.md',
    ],
  })
    .requiredOption('--profile <name>', 'strip, pseudonymize, or a YAML file with a profile')
    .option('--out <dir>', 'folder for the results, which are named by their new UIDs')
    .option('--dry-run', 'write nothing; only show what would be done')
    .option('--diff', 'show values before and after side by side: on this terminal only')
    .option('--diff-html <file>', 'write that for all files into one page, for this machine only')
    .option('--statement', 'print the conformance statement of the profile (PS3.15 E.1.3)')
    .option(
      '--secret-file <file>',
      '32-byte secret that new UIDs and codes are derived from; random if omitted',
    )
    .option(
      '--encrypted-attributes <pem...>',
      'X.509 certificates to encrypt the original values to; the encrypted values are added to each file',
    )
    .option('--text-detector', 'look for text in images at risk (default, if installed)')
    .option('--no-text-detector', 'do not look for text: images without a blanking rule are held')
    .action(async (paths: string[], options: DeidentifyOptions) => {
      const output = cli.output(options)
      if (options.statement === true) {
        if (paths.length > 0)
          throw usageError('--statement takes no files', 'omit the file arguments')
        await state(options.profile, output)
        return
      }
      if (paths.length === 0) throw usageError('no file given', 'see nocturne deidentify --help')
      const isCompared = options.diff === true || options.diffHtml !== undefined
      if (options.out !== undefined && options.dryRun === true)
        throw usageError('give either --out or --dry-run', 'see nocturne deidentify --help')
      if (options.out === undefined && options.dryRun !== true && !isCompared)
        throw usageError('give --out, --dry-run or --diff', 'see nocturne deidentify --help')
      if (options.diff === true && output.isJson)
        throw usageError('--diff has no JSON: it shows values', 'leave out --json or --diff')
      await deidentifyAll(paths, { ...options, isCompared }, output, cli.signal)
    })
}

async function deidentifyAll(
  paths: string[],
  options: DeidentifyOptions & { readonly isCompared: boolean },
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const [{ accountFor }, { deidentifyFiles }, { diffLines }, { diffPage }, { writeWhole }] =
    await Promise.all([
      import('../../sender/left-out.js'),
      import('../../facility/local-deidentify.js'),
      import('../../facility/diff-terminal.js'),
      import('../../facility/diff-page.js'),
      import('../../local-write.js'),
    ])
  const work = {
    profile: options.profile,
    out: options.out,
    secretFile: options.secretFile,
    encryptedAttributes: options.encryptedAttributes,
    isTextSought: options.textDetector,
    compares: options.isCompared,
    output,
  }
  const reports: unknown[] = []
  const { files } = await accountFor(paths, output)
  async function* shown(): AsyncGenerator<ComparedFile, void> {
    for await (const { rows, ...report } of deidentifyFiles(files, work)) {
      signal.throwIfAborted()
      const { file, error } = report
      show(output, report, options.isCompared)
      if (options.diff === true)
        for (const { text, colour } of diffLines(rows ?? [], output.columns))
          output.printColoured(text, colour)
      // Values have no place in what another program reads.
      if (output.isJson) reports.push(error ? { ...report, error: toErrorJson(error) } : report)
      yield { file, rows: rows ?? [], problem: error?.message }
    }
  }
  const { diffHtml } = options
  const compared = shown()
  if (diffHtml === undefined) while ((await compared.next()).done !== true);
  else await writeWhole(diffHtml, diffPage(options.profile, compared), { mayReplace: false })
  output.json({ files: reports })
}

async function state(name: string, output: Output): Promise<void> {
  const [{ readProfile }, { conformanceStatement }] = await Promise.all([
    import('../../facility/profile-file.js'),
    import('../../../deidentify/rules/index.js'),
  ])
  const statement = conformanceStatement(await readProfile(name))
  output.printText(statement)
  output.json({ statement })
}

/** Paths, actions and reasons; never a value. */
function show(output: Output, report: Omit<ItemReport, 'rows'>, isCompared: boolean): void {
  if (report.error !== undefined) {
    output.failed(report.error, report.file)
    return
  }
  const { file, opened, elements, pixelsAtRisk } = report
  const lines = [
    `${file}${opened === undefined ? '' : ` -> ${opened}`}: ${count(elements.length, 'element')}`,
  ]
  if (pixelsAtRisk) lines.push('  names may be burned into its pixels, which are left unchanged')
  // A comparison says the same, and more.
  for (const { path, keyword, action, reason, option } of isCompared ? [] : elements) {
    const why = option === undefined ? reason : `${reason}  option ${option}`
    lines.push(`  ${path}${keyword === undefined ? '' : ` ${keyword}`}  ${action}  ${why}`)
  }
  output.printText(lines.join('\n'))
}
