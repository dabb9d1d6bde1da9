/** Opens the MLLP port, and retries one that another process holds. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createEventThrottle } from '../../access/sign-in/index.js'
import type { DoorsConfig, SiteConfig } from '../../config/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import { asNocturneError } from '../../lib/errors.js'
import type { Logger } from '../../lib/logger.js'
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

const RETRY_MS = 5_000
const REFUSALS_PER_MINUTE = 60
/** Systems keep the connection open between orders. */
const IDLE_MS = 10 * 60_000

export function openMllp(
  rooms: MllpRooms,
  config: MllpConfig,
  requisitions: Pick<Requisitions, 'take'>,
): { close(): Promise<void> } {
  const { logger } = rooms
  const services = servicesOf(rooms, requisitions)
  let server: MllpServer | undefined
  let retry: NodeJS.Timeout | undefined
  let isClosed = false
  const open = async (): Promise<void> => {
    try {
      server = await serveMllp(await optionsOf(config, rooms.now), services)
      if (isClosed) await server.close()
      else logger.info('listening for orders (MLLP)', { url: urlOf(config, server.port) })
    } catch (error) {
      logger.warn('cannot listen on the MLLP port; retrying', { code: asNocturneError(error).code })
      if (!isClosed) retry = setTimeout(() => void open(), RETRY_MS).unref()
    }
  }
  const opening = open()
  return {
    close: async () => {
      isClosed = true
      clearTimeout(retry)
      await opening
      await server?.close()
    },
  }
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

const urlOf = ({ host }: MllpConfig, port: number): string =>
  `mllp://${host.includes(':') ? `[${host}]` : host}:${port}`

async function optionsOf(config: MllpConfig, now: () => number): Promise<MllpOptions> {
  const { host, port, plainFrom, tls } = config
  const certificates = await Promise.all(
    config.peers.map(async ({ certificate }) =>
      certificate === undefined ? undefined : await readFile(certificate, 'utf8'),
    ),
  )
  const peers = config.peers.map(({ application: aeTitle, facility, addresses }, i) => {
    const pem = certificates[i]
    const certificate = pem === undefined ? undefined : new X509Certificate(pem).raw
    return { aeTitle, facility, addresses, certificate }
  })
  const files = tls && {
    cert: await readFile(tls.cert, 'utf8'),
    key: await readFile(tls.key, 'utf8'),
    peers: certificates.filter((pem) => pem !== undefined),
  }
  return { host, port, tls: files, plainFrom, peers, idleMs: IDLE_MS, now }
}
