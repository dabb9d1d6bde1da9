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
      'after an old database was put back, or the store was lost: let the ledger go on from what is there',
    examples: ['nocturne audit restore --acknowledge-loss --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder; its gateways must be stopped")
    .option(
      '--acknowledge-loss',
      'you know that transfers, claims and tokens newer than the database are lost, or with the store all that was sealed; their events are not',
    )
    .action(async (options: RestoreOptions) => {
      const output = cli.output(options)
      if (options.acknowledgeLoss !== true) {
        throw usageError(
          'restoring needs --acknowledge-loss',
          'the ledger comes back whole, what the database lost does not: see src/ledger/README.md',
        )
      }
      const [{ restoreSite }] = await Promise.all([import('../../audit/audit-restore.js')])
      const { file, ...report } = await restoreSite(options.site)
      const { before, published, from, setAside } = report
      if (published === 0) {
        output.print(
          `nothing is published in this store: the ${count(before, 'entry', 'entries')} of the database go on, and are published anew`,
        )
        output.print(
          'what transfers held is not in this store; requests for it return object_missing',
        )
      } else
        output.print(
          `the ledger has ${count(published, 'entry', 'entries')} again, as published; the database held ${before}, the same up to ${from}`,
        )
      if (file !== undefined)
        output.print(
          `${count(setAside, 'entry', 'entries')} that were never published are in ${file}`,
        )
      output.json({ ...report, ...(file !== undefined && { file }) })
    })
}
