/** Packs of evidence, either from a gateway (as an officer) or from a site's own database. */
import type { Officer } from '../../officer/index.js'
import type { Actor } from '../../ledger/log/index.js'
import type { ZipMember } from '../../lib/zip.js'
import { readLedger } from '../audit/audit-source.js'
import type { SourceOptions } from '../audit/audit-source.js'
import type { Cli } from '../command.js'

export interface PackOptions extends SourceOptions {
  readonly out: string
  readonly json?: boolean
}

interface Pack {
  /** At a gateway. */
  readonly path: string
  /** @param url where the site's gateway answers, if it runs */
  readonly make: (officer: Officer, actor: Actor, url: string) => Promise<readonly ZipMember[]>
}

/**
 * Writes the files of a pack to a folder and prints their paths.
 *
 * @throws CommandError `usage` unless exactly one source is given, `file_exists`
 */
export async function writePack(options: PackOptions, cli: Cli, pack: Pack): Promise<void> {
  const output = cli.output(options)
  const { unpackReport } = await import('../audit/report-files.js')
  const write = (zip: AsyncIterable<Uint8Array>) => unpackReport(options.out, zip)
  const files = await readLedger(options, cli, output, {
    what: 'own event',
    live: async (client) => {
      const { bodyOf } = await import('../reader/download.js')
      return write(bodyOf(await client.open({ path: pack.path })))
    },
    direct: async ({ officer, site }) => {
      const [{ addressOfSite, SITE_ACTOR }, { zipOf }] = await Promise.all([
        import('../site/site.js'),
        import('../../lib/zip.js'),
      ])
      return write(zipOf(await pack.make(officer, SITE_ACTOR, addressOfSite(site))))
    },
  })
  for (const file of files) output.print(file)
  output.json({ files })
}
