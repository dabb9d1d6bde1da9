/** Where the ledger is read from: a gateway (as an officer) or a site's own database. */
import type { Command } from 'commander'
import type { Rooms } from '../../gateway/rooms.js'
import type { Cli } from '../command.js'
import type { GatewayClient } from '../client.js'
import { usageError } from '../command-error.js'
import { withGateway } from '../gateway-options.js'
import type { Output } from '../output.js'

export interface SourceOptions {
  readonly gateway?: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly site?: string
}

export function addSourceOptions(command: Command): Command {
  return command
    .option('--gateway <url>', 'read from this gateway; needs --token-file')
    .option('--token-file <file>', "file that contains an officer's token, readable only by you")
    .option('--ca-file <file>', "PEM certificates to trust for TLS instead of the system's")
    .option('--site <dir>', "read the database in this site's folder instead")
}

/** What a command reads on the site's own files. */
export type LedgerRooms = Pick<Rooms, 'ledger' | 'officer' | 'site'>

interface Readers<T> {
  readonly live: (client: GatewayClient) => Promise<T>
  /**
   * Reading is recorded in the ledger here too: as an event about `what`, unless `direct` records a
   * more specific one.
   */
  readonly direct: (rooms: LedgerRooms) => Promise<T>
  readonly what: 'events' | 'checkpoint' | 'proof' | 'own event'
}

/** @throws CommandError `usage` unless exactly one source is given, and what the readers throw. */
export async function readLedger<T>(
  options: SourceOptions,
  cli: Cli,
  output: Output,
  { live, direct, what }: Readers<T>,
): Promise<T> {
  const source = checkSource(options)
  if ('gateway' in source) return withGateway(source, cli, output, live)
  const { SITE_ACTOR: actor, withRooms } = await import('../site/site.js')
  return withRooms(source.site, async (rooms) => {
    const { ledger } = rooms
    if (what !== 'own event') await ledger.noteRead(actor, { what })
    return direct(rooms)
  })
}

type Source =
  | { readonly gateway: string; readonly tokenFile: string; readonly caFile?: string }
  | { readonly site: string }

/** @throws CommandError `usage` */
export function checkSource({ gateway, tokenFile, caFile, site }: SourceOptions): Source {
  if (site !== undefined && gateway === undefined) return { site }
  if (gateway !== undefined && tokenFile !== undefined && site === undefined) {
    return { gateway, tokenFile, ...(caFile !== undefined && { caFile }) }
  }
  throw usageError(
    'give either --gateway with --token-file, or --site',
    'run this command with --help to see an example',
  )
}
