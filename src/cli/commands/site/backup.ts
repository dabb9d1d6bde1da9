import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError, usageError } from '../../command-error.js'
import { addKeyOptions, readKey } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'

interface BackupOptions {
  readonly site: string
  readonly to?: string
  readonly json?: boolean
}

interface RestoreOptions extends KeyOptions {
  readonly backup: string
  readonly site: string
  readonly json?: boolean
}

export const registerBackup: Register = (parent, cli) => {
  define(parent, {
    usage: 'backup',
    summary: 'make a sealed backup of a running site: database, objects, secrets and configuration',
    examples: ['nocturne backup --site /srv/nocturne --to /mnt/backup/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option(
      '--to <dir>',
      'folder to write to, on another disk; defaults to backup.to in nocturne.yaml',
    )
    .action(async (options: BackupOptions) => {
      const output = cli.output(options)
      const [{ withRooms }, { makeBackup }] = await Promise.all([
        import('../../site/site.js'),
        import('../../site/backup.js'),
      ])
      const report = await withRooms(options.site, async (rooms) => {
        const to = options.to ?? rooms.site.config.backup?.to
        if (to === undefined)
          throw usageError(
            'no destination for the backup',
            'give --to, or set backup.to in nocturne.yaml',
          )
        return makeBackup(rooms, to, new Date())
      })
      output.print(report.file)
      output.print(
        `${report.objects} objects, ${report.copied} of them new; the ledger has ${report.entries} entries`,
      )
      if (report.removed > 0) output.print(`${report.removed} copies of expired objects removed`)
      output.json(report)
    })
}

export const registerRestore: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'restore',
    summary: 'restore a backup to a new folder and verify its ledger',
    examples: [
      'nocturne restore --backup /mnt/backup/nocturne --key recovery-key.asc --site /srv/restored',
    ],
  })
  addKeyOptions(command)
    .requiredOption('--backup <path>', 'a *.backup.pgp file, or a folder of them to use the newest')
    .requiredOption('--site <dir>', 'folder to create; nothing is overwritten')
    .option(
      '--database <url>',
      'empty PostgreSQL database for a site that used one; without it, SQLite is used',
    )
    .action(async (options: RestoreOptions & { readonly database?: string }) => {
      const output = cli.output(options)
      const { newestBackup, restoreBackup } = await import('../../site/restore.js')
      const file = await newestBackup(options.backup)
      const report = await restoreBackup(
        file,
        await readKey(options, output),
        options.site,
        options.database,
      )
      output.print(`${report.site}: as of ${report.madeAt}`)
      output.print(`${report.objects} objects; ${report.entries} ledger entries verified`)
      output.print(
        'anything later is not in the backup: compare with the receipts and witnesses of others',
      )
      output.json(report)
      if (report.missing.length > 0)
        output.failed(
          new CommandError(`${report.missing.length} objects are missing from the backup`, {
            hint: 'look for an older copy of the objects: their items cannot be opened, but the site works without them',
            code: 'object_missing',
          }),
        )
    })
}

export const registerDrill: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'drill',
    summary:
      'restore the newest backup into a scratch folder, open a sample, and record the result',
    examples: [
      'nocturne drill --site /srv/nocturne --backup /mnt/backup/nocturne --key recovery-key.asc',
    ],
  })
  addKeyOptions(command)
    .requiredOption('--site <dir>', 'the site whose ledger records the drill')
    .requiredOption('--backup <path>', 'a *.backup.pgp file, or a folder of them to use the newest')
    .action(async (options: RestoreOptions) => {
      const output = cli.output(options)
      const [{ withRooms }, { newestBackup }, { runDrill }] = await Promise.all([
        import('../../site/site.js'),
        import('../../site/restore.js'),
        import('../../site/drill.js'),
      ])
      const file = await newestBackup(options.backup)
      const key = await readKey(options, output)
      const report = await withRooms(options.site, (rooms) =>
        runDrill(rooms, file, key, () => performance.now()),
      )
      output.print(
        `${report.seconds} s: ${report.entries} entries verified, ${report.opened} of ${report.sampled} items opened`,
      )
      output.json(report)
      if (!report.ok)
        output.failed(
          new CommandError(`the drill failed: ${report.problem ?? ''}`, {
            hint: 'find the cause before the backup is needed, then run the drill again; the failure is recorded',
            code: 'drill_failed',
          }),
        )
    })
}
