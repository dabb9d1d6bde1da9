import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { count } from '../../format.js'

interface RestoreOptions {
  readonly site: string
  readonly acknowledgeLoss?: boolean
  readonly json?: boolean
}

export const registerAuditRestore: Register = (parent, cli) => {
  define(parent, {
    usage: 'restore',
    summary:
      'continue the ledger from what is left after an old database was put back or the store was lost',
    examples: ['nocturne audit restore --acknowledge-loss --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder; its gateways must be stopped")
    .option(
      '--acknowledge-loss',
      'confirm that you accept the loss of transfers, claims and tokens made after the database copy that you restored, or, if the store is lost, of everything sealed in it; their events are kept',
    )
    .action(async (options: RestoreOptions) => {
      const output = cli.output(options)
      if (options.acknowledgeLoss !== true) {
        throw usageError(
          'restoring needs --acknowledge-loss',
          'read src/ledger/README.md first: the ledger is restored completely, other data that the database lost is not',
        )
      }
      const [{ restoreSite }] = await Promise.all([import('../../audit/audit-restore.js')])
      const { file, ...report } = await restoreSite(options.site)
      const { before, published, from, setAside } = report
      if (published === 0) {
        output.print(
          `nothing is published in this store: the ledger continues from the ${count(before, 'entry', 'entries')} in the database, which will be published again`,
        )
        output.print(
          'the content of transfers is not in this store; requests for it return object_missing',
        )
      } else
        output.print(
          `the ledger has ${count(published, 'entry', 'entries')} again, as published; the database had ${before}, identical up to ${from}`,
        )
      if (file !== undefined)
        output.print(
          `${count(setAside, 'entry', 'entries')} that were never published are in ${file}`,
        )
      output.json({ ...report, ...(file !== undefined && { file }) })
    })
}
