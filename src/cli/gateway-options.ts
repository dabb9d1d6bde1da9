import type { Command } from 'commander'
import type { Cli } from './command.js'
import type { GatewayClient } from './client.js'
import type { Output } from './output.js'

export interface GatewayOptions {
  readonly gateway: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly clientCertificate?: string
}

/** `--gateway`, `--token-file` and TLS, for every command that talks to a gateway. */
export function addGatewayOptions(command: Command): Command {
  return command
    .requiredOption('--gateway <url>', "the gateway's address, such as https://gateway.example.org")
    .requiredOption('--token-file <file>', 'file that contains your token, readable only by you')
    .option('--ca-file <file>', "PEM certificates to trust for TLS instead of the system's")
    .option(
      '--client-certificate <file>',
      'PEM file with the TLS client certificate that your facility or token is bound to, and its key',
    )
}

/** What tells a gateway that was met before from another one. */
export const connectionOf = ({ gateway, tokenFile }: GatewayOptions) => ({
  url: gateway,
  tokenFile,
})

/**
 * Runs `work` with a client, and closes its connections afterwards.
 *
 * @throws CommandError `file_unreadable`, `insecure_gateway`, and what `work` throws.
 */
export async function withGateway<T>(
  options: GatewayOptions,
  cli: Cli,
  output: Output,
  work: (client: GatewayClient) => Promise<T>,
): Promise<T> {
  const [{ GatewayClient: Client }, { readSecretText, readSmallText, readToken }] =
    await Promise.all([import('./client.js'), import('./secret-file.js')])
  const token =
    options.tokenFile === undefined ? undefined : await readToken(options.tokenFile, output)
  const ca = options.caFile === undefined ? undefined : await readSmallText(options.caFile)
  const { clientCertificate: pem } = options
  const certificate = pem === undefined ? undefined : await readSecretText(pem, output)
  const client = new Client({
    url: options.gateway,
    signal: cli.signal,
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { certificate }),
  })
  try {
    return await work(client)
  } catch (error) {
    const { blameClocks } = await import('./clock.js')
    throw blameClocks(client.clocks, error)
  } finally {
    client.close()
  }
}
