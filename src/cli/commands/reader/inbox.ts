import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { shortfallOf, shortfallText } from '../../../protocol/outcomes.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import type { CriticalView } from '../../../protocol/http/critical.js'
import type { TransferAnswer } from '../../../protocol/http/transfers.js'
import { formatBytes } from '../../format.js'
import { openCriticalText } from './critical-text.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'
import { partText } from './part-text.js'

interface InboxOptions extends GatewayOptions {
  readonly key?: string
  readonly passphraseFile?: string
  readonly json?: boolean
}

export const registerInbox: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'inbox',
    summary: 'list transfers waiting for your reading groups, the most urgent first',
    examples: ['nocturne inbox --gateway https://gateway.example.org --token-file reader-1.token'],
  })
  addGatewayOptions(command)
    .option('--key <file>', 'first check that this private key opens what is sealed to you')
    .option('--passphrase-file <file>', 'file that contains the passphrase of the key')
    .action(async (options: InboxOptions) => {
      const output = cli.output(options)
      const [{ inboxAnswer }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/transfers.js'),
        import('../../parse-answer.js'),
      ])
      const { key, passphraseFile } = options
      const answer = await withGateway(options, cli, output, async (client) => {
        if (key !== undefined) {
          const [{ checkKey }, { readKey }] = await Promise.all([
            import('../../reader/key-check.js'),
            import('../../key-options.js'),
          ])
          const named = { key, ...(passphraseFile !== undefined && { passphraseFile }) }
          await checkKey(client, options.gateway, await readKey(named, output))
        }
        return parseAnswer(inboxAnswer, await client.json({ path: '/v1/inbox' }))
      })
      output.json(answer)
      for (const warning of answer.warnings) output.warn(warning)
      printFirst(output, answer)
      if (answer.transfers.length === 0) {
        output.print('nothing is waiting')
        return
      }
      output.table(
        [
          'TRANSFER',
          'PRIORITY',
          'GROUP',
          'FACILITY',
          'AVAILABLE',
          'ITEMS',
          'SIZE',
          'NOT INCLUDED',
          'CLAIMED BY',
        ],
        answer.transfers.map((transfer) => [
          transfer.id,
          transfer.priority,
          transfer.group,
          transfer.facility,
          transfer.availableAt ?? '',
          String(transfer.items),
          formatBytes(transfer.bytes),
          notThere(transfer),
          transfer.claimedBy ?? '',
        ]),
      )
    })
}

interface First {
  readonly critical?: readonly CriticalView[] | undefined
  readonly cases?: readonly CaseView[] | undefined
}

/**
 * Open critical results, and parts that are shared by body region: their images are in the list
 * only until somebody has opened them.
 */
function printFirst(output: Output, { critical = [], cases = [] }: First): void {
  for (const one of critical) output.print(openCriticalText(one))
  for (const one of cases)
    if (one.part) output.print(`part ${one.code}: ${partText(one)}, ${one.state}, ${one.priority}`)
}

/** What was sent with it and cannot be read; items released since are in another transfer. */
function notThere({ outcomes, held }: TransferAnswer): string {
  const shortfall = shortfallOf(
    outcomes && { ...outcomes, quarantined: held ?? outcomes.quarantined },
  )
  return shortfall ? shortfallText(shortfall) : ''
}
