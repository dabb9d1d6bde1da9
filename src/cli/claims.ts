import { define } from './command.js'
import type { Register } from './command.js'
import { usageError } from './command-error.js'
import { addGatewayOptions, withGateway } from './gateway-options.js'
import type { GatewayOptions } from './gateway-options.js'

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
      usage: `${action} <id>`,
      summary,
      examples: [
        `nocturne ${action} 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --gateway https://gateway.example.org --token-file reader-1.token`,
      ],
    })
    addGatewayOptions(command).action(async (id: string, options: ClaimOptions) => {
      const output = cli.output(options)
      const { parseAnswer, stateAnswer } = await import('./answers.js')
      checkId(id)
      const answer = await withGateway(options, cli, output, async (client) =>
        parseAnswer(stateAnswer, await client.post(`/v1/transfers/${id}/${action}`)),
      )
      output.json(answer)
      output.print(`${done} ${answer.id}`)
    })
  }
}

const TRANSFER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id becomes part of an address and of a folder's name. @throws CommandError `usage` */
export function checkId(id: string): void {
  if (!TRANSFER_ID.test(id)) {
    throw usageError('that is not the id of a transfer', 'see nocturne inbox for ids')
  }
}
