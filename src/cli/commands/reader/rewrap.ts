import { transferId } from '../../arguments.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { formatFingerprint } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { readKey } from '../../key-options.js'
import type { Output } from '../../output.js'
import type { PacketsAnswer, RecipientAnswer } from '../../../protocol/http/recipients.js'
import type { PrivateKey } from '../../../seal/keys/index.js'

interface RewrapOptions extends GatewayOptions {
  readonly add?: string
  readonly remove?: string
  readonly fingerprint?: string
  readonly key?: string
  readonly passphraseFile?: string
  readonly json?: boolean
}

export const registerRewrap: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'rewrap',
    summary: 'give another reader access to a transfer, or remove a reader who has left',
    examples: [
      'nocturne rewrap 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --add reader-2 --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc',
    ],
  })
  addGatewayOptions(command)
    .argument('<id>', 'ID of the transfer', transferId)
    .option(
      '--add <reader>',
      'also seal it to this reader; without --add or --remove, list recipients',
    )
    .option(
      '--remove <reader>',
      'delete the key packets of a reader who left, or packets that were never opened',
    )
    .option('--fingerprint <hex>', 'require this certificate of the reader to be added')
    .option('--key <file>', 'your private key, or the recovery key; it stays on this machine')
    .option('--passphrase-file <file>', 'file that contains the passphrase of the key')
    .action((id: string, options: RewrapOptions) => rewrap(id, options, cli))
}

async function rewrap(id: string, options: RewrapOptions, cli: Cli): Promise<void> {
  const output = cli.output(options)
  const { add, remove } = options
  if (add !== undefined && remove !== undefined)
    throw usageError('give --add or --remove, not both', 'run the command twice')
  if (add !== undefined && options.key === undefined)
    throw usageError(
      '--add needs --key',
      'give your private key: the gateway cannot open the transfer',
    )
  const steps = await import('../../reader/rewrap.js')
  const key = await keyOf(options, output)
  await withGateway(options, cli, output, async (client) => {
    if (remove !== undefined) {
      const change = await steps.removeRecipient(client, id, remove)
      showChange(output, change, 'no longer sealed to')
    } else if (add !== undefined && key !== undefined) {
      const fingerprint = options.fingerprint?.replace(/\s/g, '').toLowerCase()
      const addition = { transfer: id, recipient: add, fingerprint, key }
      showChange(output, await steps.addRecipient(client, addition), 'sealed to')
    } else {
      showRecipients(output, await steps.listRecipients(client, id))
    }
  })
}

async function keyOf(
  { key, passphraseFile }: RewrapOptions,
  output: Output,
): Promise<PrivateKey | undefined> {
  if (key === undefined) return undefined
  return readKey({ key, ...(passphraseFile !== undefined && { passphraseFile }) }, output)
}

function showChange(output: Output, change: RecipientAnswer, what: string): void {
  output.json(change)
  output.print(`${what} ${change.recipient}`)
  output.print(`fingerprint  ${formatFingerprint(change.fingerprint)}`)
}

const stateOf = ({ addedBy, unproven }: PacketsAnswer['recipients'][number]): string =>
  unproven === true ? `added by ${addedBy ?? ''}, not opened yet` : 'yes'

function showRecipients(output: Output, { id, recipients, candidates }: PacketsAnswer): void {
  output.json({
    id,
    recipients,
    candidates: candidates.map(({ id, fingerprint }) => ({ id, fingerprint })),
  })
  output.table(
    ['WHO', 'SEALED TO THEM', 'FINGERPRINT'],
    [
      ...recipients.map((one) => [one.id, stateOf(one), one.fingerprint]),
      ...candidates
        .filter(({ fingerprint }) => !recipients.some((one) => one.fingerprint === fingerprint))
        .map((one) => [one.id, 'may be added', one.fingerprint]),
    ],
  )
}
