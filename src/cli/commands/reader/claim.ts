import { Option } from 'commander'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import { OVERRIDE_REASONS } from '../../../protocol/case-requests.js'
import type { OverrideReason } from '../../../protocol/case-requests.js'

interface ClaimOptions extends GatewayOptions, KeyOptions {
  readonly takeover?: boolean
  readonly override?: OverrideReason
  readonly json?: boolean
}

export const registerClaim: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'claim',
    summary: 'claim a case for yourself; your key proves that you can open it',
    examples: [
      'nocturne claim K7Q-4MD --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc',
      'nocturne claim K7Q-4MD --override unreachable --gateway https://gateway.example.org --token-file reader-2.token --key reader-2.asc',
    ],
  })
  addKeyOptions(addGatewayOptions(command))
    .argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
    .option('--takeover', 'take over the case from a colleague whose claim has expired')
    .addOption(
      new Option(
        '--override <reason>',
        'take over the case at once from a colleague who still holds it; they and the officers are notified',
      ).choices(OVERRIDE_REASONS),
    )
    .action(async (name: string, options: ClaimOptions) => {
      const output = cli.output(options)
      const [{ claimCase }, { whoAmI }, { readKey }, { gatewayAnswer }, { parseAnswer }] =
        await Promise.all([
          import('../../reader/claim.js'),
          import('../../reader/take-claim.js'),
          import('../../key-options.js'),
          import('../../../protocol/http/gateway.js'),
          import('../../parse-answer.js'),
        ])
      const key = await readKey(options, output)
      const { answer } = await withGateway(options, cli, output, async (client) => {
        const served = await client.json({ path: '/v1/gateway' })
        const { name: gateway } = parseAnswer(gatewayAnswer, served)
        const { override } = options
        const work = {
          ...{ client, gateway, key, signal: cli.signal, reader: await whoAmI(client) },
          onRetry: () => output.warn('the connection was lost; retrying'),
          ...(override !== undefined && { override }),
        }
        return claimCase(work, name)
      })
      output.json(answer)
      output.print(`claimed ${answer.case.code} until ${answer.case.claimUntil}`)
      for (const { id } of answer.case.transfers) output.print(`  transfer ${id}`)
    })
}
