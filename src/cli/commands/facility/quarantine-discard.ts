/** Discarding held items: one, or all of a study with one signature. */
import { Option } from 'commander'
import type { Command } from 'commander'
import type { Cli } from '../../command.js'
import { usageError } from '../../command-error.js'
import { withGateway } from '../../gateway-options.js'
import { DISCARD_REASONS } from '../../../protocol/discard-statement.js'
import type { DiscardReason } from '../../../protocol/discard-statement.js'
import { caseName } from '../../arguments.js'
import type { Output } from '../../output.js'
import { addChoice, onItem } from './quarantine-item.js'
import type { CaseOptions, Common } from './quarantine-item.js'

interface DiscardOptions extends Common, CaseOptions {
  readonly reason: DiscardReason
  readonly key?: string
  readonly passphraseFile?: string
  readonly by?: string
  readonly signingKey?: string
}

export function registerDiscard(group: Command, cli: Cli): void {
  const command = onItem(
    group,
    'discard',
    'delete items that are not needed; the ledger records who did it and why',
    '--reason wrong-patient',
    false,
  )
  addChoice(command)
    .option('--case <case>', 'discard all held items of this case or transfer', caseName)
    .option('--key <file>', "the facility's private key, to sign with; required with --case")
    .option('--passphrase-file <file>', 'file that contains the passphrase of the key')
    .option('--by <id>', 'person who decided, if the facility names its people (releasedBy)')
    .option('--signing-key <file>', "that person's private key, in place of --key")
    .addOption(
      new Option('--reason <code>', 'why it is not needed')
        .choices([...DISCARD_REASONS])
        .makeOptionMandatory(),
    )
    .action(
      async (transfer: string | undefined, item: number | undefined, options: DiscardOptions) => {
        const output = cli.output(options)
        const { answer, items } = await discard(transfer, item, options, cli, output)
        output.json(options.case === undefined ? answer : { ...answer, items })
        for (const one of items) output.print(`discarded item ${one.item} of ${one.transfer}`)
      },
    )
}

const SEE_HELP = 'see nocturne quarantine discard --help'

async function discard(
  transfer: string | undefined,
  item: number | undefined,
  options: DiscardOptions,
  cli: Cli,
  output: Output,
): Promise<{
  readonly answer: { readonly receipt: string }
  readonly items: readonly { readonly transfer: string; readonly item: number }[]
}> {
  const { reason } = options
  const named = options.case ?? transfer
  if (named === undefined || (options.case === undefined) !== (item !== undefined))
    throw usageError('give either a transfer and an item, or --case', SEE_HELP)
  const signer = await signerOf(options, output)
  if (item === undefined && !signer)
    throw usageError('--case requires a signature', 'add --key, or --by and --signing-key')
  const [{ pathOf }, { heldOf }, { discardSigned }, { parseAnswer }, { receiptAnswer }] =
    await Promise.all([
      import('../../facility/quarantine.js'),
      import('../../facility/quarantine-case.js'),
      import('../../facility/quarantine-discard.js'),
      import('../../parse-answer.js'),
      import('../../../protocol/http/facility.js'),
    ])
  return withGateway(options, cli, output, async (client) => {
    if (item !== undefined && !signer) {
      const answer = parseAnswer(
        receiptAnswer,
        await client.post(`${pathOf(named, item)}/discard`, { reason }),
      )
      return { answer, items: [{ transfer: named, item }] }
    }
    const only = item === undefined ? options.only : [item]
    const chosen = await heldOf(client, named, { only, except: options.except })
    const items = chosen.map((one) => ({ transfer: one.transfer, item: one.item }))
    if (!signer) throw usageError('--case requires a signature', SEE_HELP)
    return { answer: await discardSigned(client, chosen, reason, signer), items }
  })
}

async function signerOf({ key, passphraseFile, by, signingKey }: DiscardOptions, output: Output) {
  if ((by === undefined) !== (signingKey === undefined))
    throw usageError('--by and --signing-key go together', SEE_HELP)
  const file = signingKey ?? key
  if (file === undefined) return undefined
  const { readKey } = await import('../../key-options.js')
  const isLocked = signingKey === undefined && passphraseFile !== undefined
  return { by, key: await readKey({ key: file, ...(isLocked && { passphraseFile }) }, output) }
}
