import { InvalidArgumentError } from 'commander'
import { ID_PATTERN } from '../../../lib/id-pattern.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface ApproveOptions extends GatewayOptions {
  readonly json?: boolean
}

export const registerAuditApprove: Register = (parent, cli) => {
  const approve = define(parent, {
    usage: 'approve',
    summary:
      "agree to another officer's search for a patient, where the site requires two officers",
    examples: [
      'nocturne audit approve 0190c0de-7a2b-7c11-8d5f-6f2f6f2f6f2f --gateway https://gateway.example.org --token-file officer-2.token',
    ],
  })
  addGatewayOptions(approve)
    .argument('<id>', 'ID that the search of the other officer was refused with', proposalId)
    .action(async (id: string, options: ApproveOptions) => {
      const output = cli.output(options)
      const [{ holdAnswer }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/audit.js'),
        import('../../parse-answer.js'),
      ])
      const answer = await withGateway(options, cli, output, async (client) =>
        parseAnswer(holdAnswer, await client.post(`/v1/audit/searches/${id}/approve`)),
      )
      output.print(`approved for 24 hours: ${answer.id}`)
      output.json(answer)
    })
}

function proposalId(text: string): string {
  if (ID_PATTERN.test(text)) return text
  throw new InvalidArgumentError('give the ID that the search was refused with')
}
