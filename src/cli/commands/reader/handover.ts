import type { Command } from 'commander'
import { transferId } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions, readKey } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import type { Output } from '../../output.js'
import type { HandoverView } from '../../../protocol/http/handovers.js'

const ACCESS = '--gateway https://gateway.example.org --token-file'

interface HandoverOptions extends GatewayOptions {
  readonly json?: boolean
}

export const registerHandover: Register = (parent, cli) => {
  const group = defineGroup(parent, 'handover', 'hand over to the next reader of a group')
  registerGive(group, cli)
  registerList(group, cli)
  registerAccept(group, cli)
}

function registerGive(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'give',
    summary: 'list what is open, with a sealed note, for the next reader',
    examples: [
      `nocturne handover give --group nights --note note.txt ${ACCESS} reader-1.token --key reader-1.asc`,
    ],
  })
  addKeyOptions(addGatewayOptions(command))
    .requiredOption('--group <id>', 'reading group')
    .option('--note <file>', 'text for the next reader, sealed to the readers of the group')
    .action(
      async (
        options: HandoverOptions & KeyOptions & { readonly group: string; readonly note?: string },
      ) => {
        const output = cli.output(options)
        const [{ giveHandover }, { readSmallText }] = await Promise.all([
          import('../../reader/handover.js'),
          import('../../secret-file.js'),
        ])
        const note = options.note === undefined ? undefined : await readSmallText(options.note)
        const key = await readKey(options, output)
        const answer = await withGateway(options, cli, output, (client) =>
          giveHandover(client, key, options.group, note),
        )
        output.json(answer)
        output.print(`handed over: ${answer.handover.id}`)
        printItems(output, answer.handover)
      },
    )
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list the hand-overs of your groups, the newest first',
    examples: [`nocturne handover list ${ACCESS} reader-2.token`],
  })
  addGatewayOptions(command).action(async (options: HandoverOptions) => {
    const output = cli.output(options)
    const { listHandovers } = await import('../../reader/handover.js')
    const handovers = await withGateway(options, cli, output, listHandovers)
    output.json({ handovers })
    if (handovers.length === 0) {
      output.print('no hand-overs')
      return
    }
    output.table(
      ['HAND-OVER', 'GROUP', 'FROM', 'GIVEN', 'OPEN', 'NOTE', 'ACCEPTED BY'],
      handovers.map((one) => [
        one.id,
        one.group,
        one.giver,
        one.givenAt,
        String(one.items.length),
        one.note === undefined ? '' : 'yes',
        one.acceptedBy ?? '',
      ]),
    )
  })
}

function registerAccept(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'accept',
    summary: 'take over what a colleague handed over: their claims become yours',
    examples: [
      `nocturne handover accept 01a2009c-9db1-745d-850b-797a6f4cdc7c ${ACCESS} reader-2.token --key reader-2.asc`,
    ],
  })
  addKeyOptions(addGatewayOptions(command))
    .argument('<id>', 'ID of the hand-over, as `nocturne handover list` prints it', transferId)
    .action(async (id: string, options: HandoverOptions & KeyOptions) => {
      const output = cli.output(options)
      const [{ acceptHandover, openNote }, { whoAmI }, { readGateway }] = await Promise.all([
        import('../../reader/handover.js'),
        import('../../reader/take-claim.js'),
        import('../../reader/pull-targets.js'),
      ])
      const key = await readKey(options, output)
      const accepted = await withGateway(options, cli, output, async (client) => {
        const work = {
          ...{ client, key, signal: cli.signal, reader: await whoAmI(client) },
          gateway: (await readGateway(client, [])).name,
          onRetry: () => output.warn('the connection broke; trying again'),
        }
        return acceptHandover(work, id)
      })
      const note = await openNote(accepted.handover, key)
      output.json({ ...accepted, ...(note !== undefined && { text: note }) })
      printItems(output, accepted.handover)
      if (note !== undefined) output.printText(note)
      output.print(`claimed: ${accepted.claimed.join(', ') || 'nothing'}`)
      for (const code of accepted.left)
        output.warn(`${code} could not be claimed: it waits for the group, or a colleague has it`)
    })
}

function printItems(output: Output, { items }: HandoverView): void {
  for (const { kind, code, priority } of items)
    output.print(`  ${code} ${kind}${priority === undefined ? '' : `, ${priority}`}`)
}
