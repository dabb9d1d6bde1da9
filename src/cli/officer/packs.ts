/** Packs of evidence, either from a gateway (as an officer) or from a site's own database. */
import type { Officer } from '../../officer/index.js'
import type { Actor } from '../../ledger/log/index.js'
import type { ZipMember } from '../../lib/zip.js'
import { checkSource } from '../audit/audit-source.js'
import type { SourceOptions } from '../audit/audit-source.js'
import type { Cli } from '../command.js'
import { withGateway } from '../gateway-options.js'

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
  const source = checkSource(options)
  const { unpackReport } = await import('../audit/report-files.js')
  const write = (zip: AsyncIterable<Uint8Array>) => unpackReport(options.out, zip)
  const files =
    'site' in source
      ? await fromSite(source.site, pack, write)
      : await withGateway(source, cli, output, async (client) => {
          const { bodyOf } = await import('../reader/download.js')
          return write(bodyOf(await client.open({ path: pack.path })))
        })
  for (const file of files) output.print(file)
  output.json({ files })
}

async function fromSite<T>(
  site: string,
  { make }: Pack,
  write: (zip: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const [{ addressOfSite, SITE_ACTOR, withRooms }, { zipOf }] = await Promise.all([
    import('../site/site.js'),
    import('../../lib/zip.js'),
  ])
  return withRooms(site, async ({ officer, site: opened }) =>
    write(zipOf(await make(officer, SITE_ACTOR, addressOfSite(opened)))),
  )
}
