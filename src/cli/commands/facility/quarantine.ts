import type { Command } from 'commander'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { formatBytes } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import { placeText } from '../../../lib/place.js'
import { GATEWAY, onItem } from './quarantine-item.js'
import type { Common } from './quarantine-item.js'
import { registerDiscard } from './quarantine-discard.js'
import { registerRelease, registerView } from './quarantine-study.js'

export const registerQuarantine: Register = (parent, cli) => {
  const group = defineGroup(parent, 'quarantine', 'manage items held back for your facility')
  registerList(group, cli)
  registerFetch(group, cli)
  registerOpen(group, cli)
  registerView(group, cli)
  registerRelease(group, cli)
  registerDiscard(group, cli)
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list held items and why they are held',
    examples: [`nocturne quarantine list ${GATEWAY}`],
  })
  addGatewayOptions(command)
    .option('--all', 'include items that were released or discarded')
    .action(async (options: Common & { readonly all?: boolean }) => {
      const output = cli.output(options)
      const [{ listHeld }, { CATALOGUE }] = await Promise.all([
        import('../../facility/quarantine.js'),
        import('../../../lib/errors.js'),
      ])
      const items = await withGateway(options, cli, output, async (client) => {
        const found = []
        for await (const item of listHeld(client, { all: options.all ?? false })) found.push(item)
        return found
      })
      output.json({ items })
      if (items.length === 0) {
        output.print('nothing is held')
        return
      }
      const why = new Map(Object.entries(CATALOGUE).map(([code, { title }]) => [code, title]))
      output.table(
        ['TRANSFER', 'ITEM', 'KIND', 'SINCE', 'SIZE', 'STATE', 'MAY BE RELEASED', 'WHY'],
        items.map((item) => [
          item.transfer,
          String(item.item),
          item.kind,
          item.createdAt,
          formatBytes(item.size),
          item.state,
          item.releasable ? 'yes' : 'no',
          [
            ...[item.code, ...item.also].map((code) => why.get(code) ?? code),
            ...(item.where ? [placeText(item.where)] : []),
          ].join('; '),
        ]),
      )
    })
}

function registerFetch(group: Command, cli: Cli): void {
  onItem(group, 'fetch', 'fetch a sealed item, for any OpenPGP program', '--out item.pgp')
    .requiredOption('--out <file>', 'file to write')
    .action(async (transfer: string, item: number, options: Common & { readonly out: string }) => {
      const output = cli.output(options)
      const [{ fetchHeld }, local] = await Promise.all([
        import('../../facility/quarantine.js'),
        import('../../local-write.js'),
      ])
      await withGateway(options, cli, output, async (client) => {
        const sealed = await fetchHeld(client, transfer, item)
        await local.writeWhole(options.out, sealed, { mayReplace: false })
      })
      output.json({ transfer, item, file: options.out })
      output.print(`saved, still sealed: ${options.out}`)
    })
}

function registerOpen(group: Command, cli: Cli): void {
  const command = onItem(
    group,
    'open',
    "fetch an item and open it on this machine with the facility's key",
    '--key facility-a.asc --out look',
  )
  addKeyOptions(command)
    .requiredOption('--out <dir>', 'folder for the original')
    .action(
      async (
        transfer: string,
        item: number,
        options: Common & KeyOptions & { readonly out: string },
      ) => {
        const output = cli.output(options)
        const [path, { fetchHeld, openHeld }, local, { peek }, names, keys] = await Promise.all([
          import('node:path'),
          import('../../facility/quarantine.js'),
          import('../../local-write.js'),
          import('../../reader/peek.js'),
          import('../../../protocol/opened-names.js'),
          import('../../key-options.js'),
        ])
        const key = await keys.readKey(options, output)
        await local.makeFolder(options.out)
        const target = await withGateway(options, cli, output, async (client) => {
          const { head, whole } = await peek(openHeld(await fetchHeld(client, transfer, item), key))
          const name = `${transfer}-${item}.${names.sniffExtension(head)}`
          const file = path.join(options.out, name)
          await local.writeWhole(file, whole, { mayReplace: false })
          return file
        })
        output.json({ transfer, item, opened: target })
        output.print(`the complete original is in ${target}`)
      },
    )
}
