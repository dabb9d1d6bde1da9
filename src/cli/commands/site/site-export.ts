import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'

interface ExportOptions {
  readonly site: string
  readonly out: string
  readonly json?: boolean
}

export const registerSite: Register = (parent, cli) => {
  const group = defineGroup(parent, 'site', "the site's configuration with the people enrolled")
  define(group, {
    usage: 'export',
    summary: 'write nocturne.yaml with the people who were enrolled, and their certificates',
    examples: ['nocturne site export --site /srv/nocturne --out ./merged'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .requiredOption('--out <dir>', 'a new folder; copy its content over the site to adopt it')
    .action(async (options: ExportOptions) => {
      const output = cli.output(options)
      const { exportSite } = await import('../../site/site-export.js')
      const { added, left } = await exportSite(options.site, options.out)
      for (const { problem, hint } of left) output.warn(`${problem}; ${hint}`)
      output.print(`${options.out}/nocturne.yaml names ${String(added.length)} people more`)
      output.json({ out: options.out, added, left })
    })
}
