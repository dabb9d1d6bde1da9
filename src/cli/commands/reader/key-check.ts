import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { formatFingerprint } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions, readKey } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'

interface KeyCheckOptions extends GatewayOptions, KeyOptions {
  readonly json?: boolean
}

export const registerKeyCheck: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'check',
    summary: 'check before the first urgent study that your key opens what is sealed to you',
    examples: [
      'nocturne key check --gateway https://gateway.example.org --token-file reader-1.token --key reader-1.asc',
    ],
  })
  addKeyOptions(addGatewayOptions(command)).action(async (options: KeyCheckOptions) => {
    const output = cli.output(options)
    const { checkKey } = await import('../../reader/key-check.js')
    const key = await readKey(options, output)
    const checked = await withGateway(options, cli, output, (client) =>
      checkKey(client, options.gateway, key),
    )
    output.json(checked)
    output.print(
      `ready        ${checked.principal} can open what this gateway seals to them, and sign`,
    )
    output.print(`fingerprint  ${formatFingerprint(checked.fingerprint)}`)
  })
}
