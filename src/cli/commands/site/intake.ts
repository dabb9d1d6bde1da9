import { instant } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import type { IntakeTestOptions, TestedFile } from '../../site/intake-test.js'

export const registerIntake: Register = (parent, cli) => {
  const group = defineGroup(parent, 'intake', 'rules for studies that arrive by DICOM')
  define(group, {
    usage: 'test <file...>',
    summary: 'explain which rule would take each file, and why the earlier ones would not',
    examples: [
      'nocturne intake test --site /srv/nocturne --facility facility-a --ae-title CT_ER scan.dcm',
    ],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option('--facility <id>', 'the facility that sends; needed when the site has several')
    .option('--ae-title <title>', 'calling AE title, for a study that arrives by C-STORE')
    .option('--address <ip>', 'address of the sender')
    .option('--at <time>', 'when it arrives; now by default', instant)
    .action(
      async (
        files: readonly string[],
        options: IntakeTestOptions & { readonly site: string; readonly json?: boolean },
      ) => {
        const output = cli.output(options)
        const [{ openSite }, { testFiles }] = await Promise.all([
          import('../../site/site.js'),
          import('../../site/intake-test.js'),
        ])
        const { config } = await openSite(options.site)
        const tested = await testFiles(config, files, options, Date.now())
        output.json({ files: tested })
        for (const one of tested) for (const line of linesOf(one)) output.print(line)
        if (tested.some((one) => one.group === undefined)) output.exitCode = 3
      },
    )
}

function linesOf({ file, isDicom, skipped, rule, group, priority }: TestedFile): string[] {
  const taken = rule === undefined ? 'no rule' : `rule ${rule}`
  const where =
    group === undefined
      ? 'refused (C-STORE 0124): the facility has several groups, and nothing names one'
      : `group ${group}, priority ${priority}`
  return [
    `${file}: ${taken}: ${where}`,
    ...(isDicom ? [] : ['  no DICOM attribute could be read; rules see none']),
    ...skipped.map(
      ({ rule: index, unmet }) => `  rule ${index} does not apply: ${unmet.join('; ')}`,
    ),
  ]
}
