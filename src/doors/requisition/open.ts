/** Opens the MLLP port, and retries one that another process holds. */
import { createEventThrottle } from '../../access/sign-in/index.js'
import type { DoorsConfig, SiteConfig } from '../../config/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import { asNocturneError } from '../../lib/errors.js'
import type { Logger } from '../../lib/logger.js'
import { holdPort, hostOf } from '../held-port.js'
import type { HeldPort } from '../held-port.js'
import { readPortFiles } from '../peer-files.js'
import { serveMllp } from './mllp.js'
import type { MllpOptions, MllpServer, MllpServices } from './mllp.js'
import type { Requisitions } from './take.js'

interface MllpRooms {
  readonly site: { readonly config: Pick<SiteConfig, 'limits'> }
  readonly ledger: Pick<Ledger, 'note'>
  readonly logger: Logger
  readonly now: () => number
}

type MllpConfig = NonNullable<DoorsConfig['mllp']>

const REFUSALS_PER_MINUTE = 60
/** Systems keep the connection open between orders. */
const IDLE_MS = 10 * 60_000

export function openMllp(
  rooms: MllpRooms,
  config: MllpConfig,
  requisitions: Pick<Requisitions, 'take'>,
): HeldPort<MllpServer> {
  const services = servicesOf(rooms, requisitions)
  return holdPort<MllpServer>(async () => serveMllp(await optionsOf(config, rooms.now), services), {
    logger: rooms.logger,
    texts: {
      open: 'listening for orders (MLLP)',
      away: 'cannot listen on the MLLP port; retrying',
    },
    urlOf: (port) => `mllp://${hostOf(config.host)}:${port}`,
  })
}

function servicesOf(
  { ledger, logger, now }: MllpRooms,
  requisitions: Pick<Requisitions, 'take'>,
): MllpServices {
  const refusals = createEventThrottle({ perMinute: REFUSALS_PER_MINUTE, now })
  return {
    take: ({ facility, address }, requisition) =>
      requisitions.take(
        { actor: { id: facility, role: 'sender', address }, facility },
        requisition,
      ),
    refused: ({ facility, address }, code) => {
      const unrecorded = refusals.admit()
      if (unrecorded === undefined) return
      const actor =
        facility === undefined
          ? ({ id: 'anonymous', role: 'anonymous', address } as const)
          : ({ id: facility, role: 'sender', address } as const)
      const detail = { code, ...(unrecorded > 0 && { unrecorded }) }
      const about = facility === undefined ? {} : { facility }
      ledger
        .note({ type: 'requisition.refused', outcome: 8, actor, ...about, detail })
        .catch((error: unknown) => {
          const { code: why } = asNocturneError(error)
          logger.warn('the refusal of a requisition is not recorded', { code: why })
        })
    },
  }
}

async function optionsOf(config: MllpConfig, now: () => number): Promise<MllpOptions> {
  const { host, port, plainFrom } = config
  const { tls, peers } = await readPortFiles(config)
  const named = peers.map(({ application: aeTitle, ...peer }) => ({ aeTitle, ...peer }))
  return { host, port, tls, plainFrom, peers: named, idleMs: IDLE_MS, now }
}
