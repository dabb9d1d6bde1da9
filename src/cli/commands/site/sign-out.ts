import { rm } from 'node:fs/promises'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface SignOutOptions extends GatewayOptions {
  readonly json?: boolean
}

export const registerSignOut: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'sign-out',
    summary: 'end a session: revoke its token, and delete the token file',
    examples: [
      'nocturne sign-out --gateway https://gateway.example.org --token-file reader-1.token',
    ],
  })
  addGatewayOptions(command).action(async (options: SignOutOptions) => {
    const output = cli.output(options)
    await withGateway(options, cli, output, (client) =>
      client.text({ path: '/v1/sign-out', method: 'POST' }),
    )
    // The file is of no use any more, whoever finds it.
    if (options.tokenFile !== undefined) await rm(options.tokenFile, { force: true })
    output.json({ signedOut: true })
    output.print('signed out: the token is not accepted any more')
  })
}
