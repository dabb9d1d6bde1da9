import { Option } from 'commander'
import { transferId, wholeNumber } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { EXIT } from '../../command-error.js'
import { formatBytes } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import { DISCARD_REASONS, RELEASE_REASONS, WAIVABLE } from '../../../protocol/release-statement.js'
import type { DiscardReason, ReleaseReason, Waivable } from '../../../protocol/release-statement.js'
import type { Command } from 'commander'

const ITEM = '01985b2e-7c11-7f3a-9d52-1f0c5a9be001 3'
const GATEWAY = '--gateway https://gateway.example.org --token-file facility-a.token'

interface Common extends GatewayOptions {
  readonly json?: boolean
}

export const registerQuarantine: Register = (parent, cli) => {
  const group = defineGroup(parent, 'quarantine', 'look after what is held back for your facility')
  registerList(group, cli)
  registerFetch(group, cli)
  registerOpen(group, cli)
  registerRelease(group, cli)
  registerDiscard(group, cli)
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list what is held, and why',
    examples: [`nocturne quarantine list ${GATEWAY}`],
  })
  addGatewayOptions(command)
    .option('--all', 'also what was released or discarded')
    .action(async (options: Common & { readonly all?: boolean }) => {
      const output = cli.output(options)
      const [{ listHeld }, { CATALOGUE }, { placeText }] = await Promise.all([
        import('../../facility/quarantine.js'),
        import('../../../lib/errors.js'),
        import('../../../lib/place.js'),
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

/** An item is named by its transfer and its number in it. */
const onItem = (group: Command, name: string, summary: string, rest: string): Command =>
  addGatewayOptions(
    define(group, {
      usage: name,
      summary,
      examples: [`nocturne quarantine ${name} ${ITEM} ${GATEWAY} ${rest}`],
    })
      .argument('<transfer>', 'id of the transfer', transferId)
      .argument('<item>', 'number of the item', wholeNumber(1, 999_999_999)),
  )

function registerFetch(group: Command, cli: Cli): void {
  onItem(
    group,
    'fetch',
    'fetch an item as it was sealed, for any OpenPGP program',
    '--out item.pgp',
  )
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
      output.print(`sealed as it is held: ${options.out}`)
    })
}

function registerOpen(group: Command, cli: Cli): void {
  const command = onItem(
    group,
    'open',
    "fetch an item and open it with the facility's key, on this machine",
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
        output.print(`the original, with everything in it, is in ${target}`)
      },
    )
}

interface ReleaseOptions extends Common, KeyOptions {
  readonly reason: ReleaseReason
  readonly also?: readonly Waivable[]
  readonly mediaType?: string
}

function registerRelease(group: Command, cli: Cli): void {
  const command = onItem(
    group,
    'release',
    "let an item go on after a look, signed with the facility's key",
    '--key facility-a.asc --reason no-identifiers-seen',
  )
  addKeyOptions(command)
    .addOption(
      new Option('--reason <code>', 'why it may go on')
        .choices([...RELEASE_REASONS])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--also <code...>',
        'what a release was refused for, when you looked at that too',
      ).choices([...WAIVABLE]),
    )
    .option('--media-type <type>', 'of a document whose content does not tell what it is')
    .action(async (transfer: string, item: number, options: ReleaseOptions) => {
      const output = cli.output(options)
      const [{ releaseHeld }, keys] = await Promise.all([
        import('../../facility/quarantine.js'),
        import('../../key-options.js'),
      ])
      const key = await keys.readKey(options, output)
      const { reason, also = [], mediaType } = options
      const answer = await withGateway(options, cli, output, (client) =>
        releaseHeld(client, { transfer, item, reason, also, key, mediaType }),
      )
      output.json(answer)
      const [sent] = answer.items
      if (sent?.outcome === 'accepted') {
        output.print(`released, as transfer ${answer.id ?? ''}`)
        return
      }
      output.exitCode = EXIT.failed
      output.print(`still held: ${sent?.code ?? ''}`)
      if (sent?.hint !== undefined) output.print(`  hint: ${sent.hint}`)
    })
}

function registerDiscard(group: Command, cli: Cli): void {
  onItem(
    group,
    'discard',
    'delete an item that nobody needs; the ledger keeps who and why',
    '--reason wrong-patient',
  )
    .addOption(
      new Option('--reason <code>', 'why nobody needs it')
        .choices([...DISCARD_REASONS])
        .makeOptionMandatory(),
    )
    .action(
      async (
        transfer: string,
        item: number,
        options: Common & { readonly reason: DiscardReason },
      ) => {
        const output = cli.output(options)
        const [{ pathOf }] = await Promise.all([import('../../facility/quarantine.js')])
        const { reason } = options
        const answer = await withGateway(options, cli, output, (client) =>
          client.post(`${pathOf(transfer, item)}/discard`, { reason }),
        )
        output.json(answer)
        output.print(`discarded item ${item} of ${transfer}`)
      },
    )
}
