/** `nocturne edge`: the process at the facility, with the line to its gateway. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cli } from '../command.js'
import { toErrorJson } from '../command-error.js'
import { withGateway } from '../gateway-options.js'
import type { Output } from '../output.js'
import type { GatewayClient } from '../client.js'
import { contactOf } from './facility-edge.js'
import { isAway, lineTo } from './line.js'
import type { OwnEdge } from './own-settings.js'
import { reportRounds } from './edge-reports.js'
import { runEdge } from '../../edge/run.js'
import type { Edge, RunningEdge } from '../../edge/run.js'
import { createLogger } from '../../lib/logger.js'
import type { Logger } from '../../lib/logger.js'

export interface RunOptions {
  readonly port: number | undefined
  readonly opened: (running: RunningEdge) => void
}

/** Until the gateway was reached for the first time. */
const FIRST_PAUSE_MS = 10_000

/** Runs until the command is stopped. @throws NocturneError, CommandError as `prepareEdge` */
export async function serveEdge(
  cli: Cli,
  output: Output,
  own: OwnEdge,
  { port, opened }: RunOptions,
): Promise<void> {
  const { signal } = cli
  const logger = createLogger('info')
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined)
  await withGateway(own.options, cli, output, async (client) => {
    const work = partsOf(own, client, { logger, pause, port })
    let reporting: Promise<void> = Promise.resolve()
    const begun = (edge: Edge, running: RunningEdge) => {
      opened(running)
      reporting = reportRounds({ cli, output, own, client, edge, logger, pause })
    }
    while (!signal.aborted) {
      const isFirst = await runEdge(work, signal, begun).then(
        () => false,
        (error: unknown) => {
          if (!isNotYet(error)) throw error
          return true
        },
      )
      if (!isFirst) break
      logger.warn('the gateway was never reached, so nothing can be sealed yet; trying again')
      await pause(FIRST_PAUSE_MS)
    }
    await reporting
  })
}

const isNotYet = (error: unknown): boolean => toErrorJson(error).code === 'gateway_unreachable'

interface Surroundings {
  readonly logger: Logger
  readonly pause: (ms: number) => Promise<void>
  readonly port: number | undefined
}

function partsOf(
  { dir, options }: OwnEdge,
  client: GatewayClient,
  { logger, pause, port }: Surroundings,
): Parameters<typeof runEdge>[0] {
  const { asking, trust } = contactOf(dir, options, client, { warn: (text) => logger.warn(text) })
  return {
    ...{ dir, asking, logger, isAway, pause, now: Date.now },
    line: () => {
      const trusted = trust()
      // Each step is tried once: the next round asks the gateway again, and shows what is wrong.
      const once = { signal: AbortSignal.abort(), onRetry: () => undefined }
      return trusted && lineTo({ client, trust: trusted, ...once })
    },
    ...(port !== undefined && { overrides: { port } }),
  }
}
