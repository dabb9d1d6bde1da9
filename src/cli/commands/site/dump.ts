import { transferId } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { count } from '../../format.js'

interface DumpOptions {
  readonly site: string
  readonly out: string
  readonly json?: boolean
}

export const registerDump: Register = (parent, cli) => {
  define(parent, {
    usage: 'dump',
    summary: 'write a transfer to files, sealed as stored: for a backup or for another program',
    examples: [
      'nocturne dump 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --site /srv/nocturne --out copy',
    ],
  })
    .argument('<id>', 'ID of the transfer', transferId)
    .requiredOption('--site <dir>', "the site's folder")
    .requiredOption('--out <dir>', 'folder to write: data packets, key packets, transfer.json')
    .action(async (id: string, options: DumpOptions) => {
      const output = cli.output(options)
      const [{ dumpTransfer }, { SITE_ACTOR, withRooms }] = await Promise.all([
        import('../../site/dump.js'),
        import('../../site/site.js'),
      ])
      const report = await withRooms(options.site, (rooms) =>
        dumpTransfer(rooms, SITE_ACTOR, id, options.out),
      )
      output.print(`${count(report.items, 'item')} of ${id} in ${options.out}, sealed as stored`)
      output.print(
        'transfer.json lists the key packet of each reader for each data packet; to open all items, or one item:',
      )
      output.print(
        `  nocturne open ${options.out} --gateway-certificate gateway.asc --key KEY --out DIR`,
      )
      output.print('  cat keys/ENVELOPE.READER.key 0001.data | gpg --decrypt')
      output.json(report)
    })
}
