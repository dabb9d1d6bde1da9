import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { count } from '../../format.js'

interface ReindexOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerAuditReindex: Register = (parent, cli) => {
  define(parent, {
    usage: 'reindex',
    summary: 'rebuild the search index from the entries of the ledger',
    examples: ['nocturne audit reindex --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder; a gateway may be running on it")
    .action(async (options: ReindexOptions) => {
      const output = cli.output(options)
      const [{ withRooms }, { reindex }] = await Promise.all([
        import('../../site/site.js'),
        import('../../../ledger/log/index.js'),
      ])
      const report = await withRooms(options.site, ({ state }) => reindex(state))
      output.print(
        `${count(report.entries, 'entry', 'entries')} indexed; ${report.corrected} corrected`,
      )
      output.json(report)
    })
}
