import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { toErrorJson, usageError } from '../../command-error.js'
import { count } from '../../format.js'
import type { Output } from '../../output.js'
import type { ItemReport } from '../../facility/local-deidentify.js'

interface DeidentifyOptions {
  readonly profile: string
  readonly out?: string
  readonly dryRun?: boolean
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
      'nocturne deidentify --profile strip --statement > conformance.md',
    ],
  })
    .requiredOption('--profile <name>', 'strip, pseudonymize, or a YAML file with a profile')
    .option('--out <dir>', 'folder for the results, which are named by their new UIDs')
    .option('--dry-run', 'write nothing; only show what would be done')
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
      if ((options.out === undefined) !== (options.dryRun === true)) {
        throw usageError('give either --out or --dry-run', 'see nocturne deidentify --help')
      }
      const [{ listFiles }, { deidentifyFiles }] = await Promise.all([
        import('../../sender/files.js'),
        import('../../facility/local-deidentify.js'),
      ])
      const reports: unknown[] = []
      const files = await listFiles(paths)
      for await (const report of deidentifyFiles(files, {
        profile: options.profile,
        out: options.out,
        secretFile: options.secretFile,
        encryptedAttributes: options.encryptedAttributes,
        isTextSought: options.textDetector,
        output,
      })) {
        cli.signal.throwIfAborted()
        show(output, report)
        const { error } = report
        if (output.isJson) reports.push(error ? { ...report, error: toErrorJson(error) } : report)
      }
      output.json({ files: reports })
    })
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
function show(output: Output, report: ItemReport): void {
  if (report.error !== undefined) {
    output.failed(report.error, report.file)
    return
  }
  const { file, opened, elements, pixelsAtRisk } = report
  const lines = [
    `${file}${opened === undefined ? '' : ` -> ${opened}`}: ${count(elements.length, 'element')}`,
  ]
  if (pixelsAtRisk) lines.push('  names may be burned into its pixels, which are left unchanged')
  for (const { path, keyword, action, reason, option } of elements) {
    const why = option === undefined ? reason : `${reason}  option ${option}`
    lines.push(`  ${path}${keyword === undefined ? '' : ` ${keyword}`}  ${action}  ${why}`)
  }
  output.printText(lines.join('\n'))
}
