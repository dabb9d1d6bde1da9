/** An edge as a command uses it: its folder, its gateway if the line is up, its rooms. */
import { join } from 'node:path'
import type { GatewayClient } from '../client.js'
import { CommandError, EXIT } from '../command-error.js'
import { connectionOf } from '../gateway-options.js'
import type { GatewayOptions } from '../gateway-options.js'
import type { Output } from '../output.js'
import { stateFolder } from '../trust/known-gateways.js'
import { openTrust } from '../trust/trust.js'
import type { Trust } from '../trust/trust.js'
import { isEdge, newEdge } from '../../edge/folder.js'
import { prepareEdge } from '../../edge/open.js'
import type { Asking, PreparedEdge } from '../../edge/open.js'
import { newLedgerKey } from '../../ledger/published/index.js'
import { NocturneError } from '../../lib/errors.js'
import { newKey } from '../../seal/keys/index.js'
import { openSite } from '../site/site.js'
import { fetchSealing, isAway } from './line.js'

/** Where `send --seal-here` keeps it without `--site`. */
export const defaultEdge = (): string => join(stateFolder(), 'edge')

/**
 * Creates the folder the first time. The edge can seal once the operator of the gateway has
 * registered its certificate.
 *
 * @throws CommandError `edge_unknown` after creating it, exit status 4
 */
export async function expectEdge(dir: string, options: GatewayOptions): Promise<void> {
  if (await isEdge(dir)) return
  const { gateway, tokenFile = '', caFile } = options
  const settings = { gateway, tokenFile, ...(caFile !== undefined && { caFile }) }
  const { certificate, fingerprint } = await newEdge(dir, settings, { newKey, newLedgerKey })
  throw new CommandError(`a new edge was created in ${dir}; its gateway does not know it yet`, {
    code: 'edge_unknown',
    hint: `send ${certificate} to the operator, who adds it to people and to edges of your facility; then repeat the command`,
    details: [`fingerprint ${fingerprint}`],
    exit: EXIT.later,
  })
}

export interface ReadyEdge {
  readonly prepared: PreparedEdge
  /** Undefined while the line is cut. */
  readonly trust: Trust | undefined
}

/** How an edge asks its gateway, and what it knows of it since. */
export interface Contact {
  readonly asking: Asking
  /** As of the last answer; undefined while the line is cut, or when the gateway is not trusted. */
  readonly trust: () => Trust | undefined
}

/** Its keys are pinned in the folder at the first contact. */
export const PINNED_FILE = 'known-gateway.json'

export function contactOf(
  dir: string,
  options: GatewayOptions,
  client: GatewayClient,
  output: Pick<Output, 'warn'>,
): Contact {
  let trust: Trust | undefined
  const file = join(dir, PINNED_FILE)
  return {
    trust: () => trust,
    asking: {
      ask: async () => {
        trust = undefined
        try {
          const opened = await openTrust({ ...connectionOf(options), client, output, file })
          const told = await fetchSealing(client)
          trust = opened
          return told
        } catch (error) {
          if (isAway(error)) return undefined
          throw error
        }
      },
      verify: async (one) => {
        if (!trust) throw new NocturneError('gateway_unreachable')
        await trust.checkCertificate(one)
      },
      // Variables that override the settings of a gateway are not about this site.
      load: (root) => openSite(root, {}),
    },
  }
}

/** @throws CommandError when the gateway refuses, or was never reached; `receipt_invalid` */
export async function readyEdge(
  dir: string,
  options: GatewayOptions,
  client: GatewayClient,
  output: Pick<Output, 'warn'>,
): Promise<ReadyEdge> {
  const { asking, trust } = contactOf(dir, options, client, output)
  const prepared = await prepareEdge(dir, asking)
  return { prepared, trust: trust() }
}
