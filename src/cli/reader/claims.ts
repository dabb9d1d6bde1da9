import { transferId } from '../arguments.js'
import { define } from '../command.js'
import type { Register } from '../command.js'
import { addGatewayOptions, withGateway } from '../gateway-options.js'
import type { GatewayOptions } from '../gateway-options.js'

interface ClaimOptions extends GatewayOptions {
  readonly json?: boolean
}

/** `claim` and `release` differ in a word: both post to the transfer and print what the gateway says. */
export function registerClaimAction(
  action: 'claim' | 'release',
  summary: string,
  done: string,
): Register {
  return (parent, cli) => {
    const command = define(parent, {
      usage: action,
      summary,
      examples: [
        `nocturne ${action} 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --gateway https://gateway.example.org --token-file reader-1.token`,
      ],
    }).argument('<id>', 'id of the transfer', transferId)
    addGatewayOptions(command).action(async (id: string, options: ClaimOptions) => {
      const output = cli.output(options)
      const [{ parseAnswer }, { changedAnswer }] = await Promise.all([
        import('../parse-answer.js'),
        import('../../protocol/http/transfers.js'),
      ])
      const answer = await withGateway(options, cli, output, async (client) =>
        parseAnswer(changedAnswer, await client.post(`/v1/transfers/${id}/${action}`)),
      )
      output.json(answer)
      output.print(`${done} ${answer.id}`)
    })
  }
}
