/** The gateway as a running process: rooms, server, background sweeps, and an orderly shutdown. */
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Site } from './config/index.js'
import { openDoors } from './doors/open.js'
import type { Doors } from './doors/open.js'
import { createApp } from './http/app.js'
import { createMetrics } from './http/metrics.js'
import { createServer } from './http/server.js'
import { createOpening, createOpeningApp } from './http/opening.js'
import { startForwarding } from './running/forwarding.js'
import { startNight } from './running/night.js'
import { startPublishing } from './running/publishing.js'
import { startWitnessing } from './running/witnessing.js'
import { forgetHolders } from './ledger/published/index.js'
import { lockSite } from './running/site-lock.js'
import { SYSTEM } from './lib/actors.js'
import { asNocturneError, NocturneError, systemCode } from './lib/errors.js'
import { randomName } from './lib/ids.js'
import { createLogger } from './lib/logger.js'
import { VERSION } from './lib/version.js'
import { openRooms } from './rooms.js'
import type { RoomOptions, Rooms } from './rooms.js'
import type { State } from './state/index.js'
import { LEASE_MS } from './transfer/index.js'

export interface Gateway {
  /**
   * Listens immediately and opens the rooms in the background, waiting for a database or store that
   * is unavailable. Resolves when requests are served.
   *
   * @throws NocturneError `usage` when the port is taken, or any error of `openRooms` that waiting
   *   cannot resolve; an AbortError when the gateway was closed first
   */
  start(): Promise<{ readonly url: string; readonly rooms: Rooms }>
  /**
   * Stops accepting requests, waits up to `graceMs` for those in progress, records the stop, and
   * closes the rooms.
   */
  close(graceMs?: number): Promise<void>
}

export interface GatewayOverrides extends RoomOptions {
  readonly port?: number
}

const GRACE_MS = 30_000
const HOUR_MS = 3_600_000
const REFRESH_MS = 5_000
const RENEW_MS = 20_000
/** Half-written objects untouched for a day have been abandoned. */
const PARTIAL_MS = 24 * HOUR_MS

/** @throws NocturneError `site_in_use`, `file_unreadable` */
export async function createGateway(
  site: Site,
  overrides: GatewayOverrides = {},
): Promise<Gateway> {
  const { config } = site
  // A site with an SQLite file has exactly one gateway; on PostgreSQL there may be several.
  const isAlone = config.database.startsWith('sqlite:')
  const unlock = isAlone ? await lockSite(config.dir) : () => Promise.resolve()
  const logger = overrides.logger ?? createLogger(config.logLevel)
  const closing = new AbortController()
  const opening = createOpening(logger, closing.signal)
  let answer: RequestListener = createOpeningApp(logger, opening)
  const server = await createServer(config, (request, response) => {
    answer(request, response)
  }).catch(async (error: unknown) => {
    await unlock()
    throw error
  })
  let url = ''
  const origin = () => config.gateway.origin ?? url
  let rooms: Rooms | undefined
  let isRecorded = false
  let starting: Promise<unknown> = Promise.resolve()
  let stopWork = () => Promise.resolve()
  let membership: Membership | undefined
  let doors: Doors | undefined

  /**
   * Each step completes before the next, and no request is served before the last one: a ledger
   * that was rolled back stops the start here.
   */
  const open = async (): Promise<Rooms> => {
    const opened = await opening.step(() =>
      openRooms(site, { ...overrides, isAlone, logger, origin }),
    )
    rooms = opened
    membership = await opening.step(() => join(opened, isAlone))
    await opening.step(() => recordStart(opened))
    isRecorded = true
    await opening.step(() => opened.certificates.record())
    await opening.step(() => opened.gatewayKeys.record())
    await opening.step(() => opened.facilityKeys.record())
    // A lone gateway can end everything left in progress, because its process is dead; otherwise
    // only expired leases count.
    const leasedBefore = isAlone ? Number.MAX_SAFE_INTEGER : opened.now()
    await opening.step(() => sweepAll(opened, leasedBefore)).catch(warnOf(opened, UNSWEPT))
    await sweepPartial(opened, isAlone ? 0 : PARTIAL_MS).catch(warnOf(opened, UNSWEPT_PARTIAL))
    if (isAlone) await opening.step(() => forgetHolders(opened.state))
    closing.signal.throwIfAborted()
    return opened
  }

  const start = async () => {
    const { host, tls } = config.gateway
    const { port } = await listen(server, host, overrides.port ?? config.gateway.port)
    url = `${tls ? 'https' : 'http'}://${hostInUrl(host)}:${port}`
    logger.info('listening', { url, version: VERSION })
    const opened = await open()
    const metrics = createMetrics()
    doors = await openDoors(opened, { item: (outcome) => metrics.item(outcome) })
    stopWork = startWork(opened, membership)
    answer = createApp(opened, origin, { metrics, doors })
    logger.info('ready', { url, version: VERSION })
    return { url, rooms: opened }
  }

  return {
    start: () => {
      const started = start()
      starting = started.catch(() => undefined)
      return started
    },
    async close(graceMs = GRACE_MS) {
      closing.abort()
      await stop(server, graceMs)
      await starting
      await doors?.close(graceMs)
      if (rooms && isRecorded) await recordStop(rooms)
      await stopWork()
      // If this fails, the row expires within a minute.
      await membership?.leave().catch(() => undefined)
      await rooms?.close()
      await unlock()
    },
  }
}

async function recordStart(rooms: Rooms): Promise<void> {
  await rooms.configuration.record({
    type: 'gateway.started',
    outcome: 0,
    actor: SYSTEM,
    detail: {
      version: VERSION,
      database: rooms.state.kind,
      store: rooms.store.kind,
      ...software(),
      config: rooms.configuration.digest,
    },
  })
}

async function recordStop({ ledger, logger }: Rooms): Promise<void> {
  const detail = { version: VERSION, ...software() }
  try {
    await ledger.note({ type: 'gateway.stopped', outcome: 0, actor: SYSTEM, detail })
  } catch (error) {
    logger.error('the stop is not recorded', { code: asNocturneError(error).code })
  }
}

/** Versions of the platform, recorded in the start event. */
const software = () => ({ node: process.version, openssl: process.versions.openssl })

type Membership = Awaited<ReturnType<State['join']>>

/** From here on, no later version migrates the database while this gateway runs. */
const join = ({ state, now }: Rooms, isAlone: boolean): Promise<Membership> =>
  state.join({ id: randomName(), now, isAlone })

/**
 * Retries while the database is unavailable. If a newer version has migrated it, stops all service
 * with that error.
 */
async function renewMembership({ ledger, logger }: Rooms, membership: Membership): Promise<void> {
  try {
    await membership.renew()
  } catch (thrown) {
    const error = asNocturneError(thrown)
    const { code, subject: problem } = error
    if (code === 'database_newer') ledger.halt(error)
    logger.error('this gateway cannot renew its lease on the database', {
      code,
      ...(problem !== undefined && { problem }),
    })
  }
}

/** Starts the background work. Returns a function that stops it. */
function startWork(rooms: Rooms, membership: Membership | undefined): () => Promise<void> {
  const timers = [
    setInterval(() => {
      if (membership) void renewMembership(rooms, membership)
    }, RENEW_MS),
    setInterval(() => {
      void sweepAll(rooms, rooms.now()).catch(warnOf(rooms, UNSWEPT))
    }, LEASE_MS / 2),
    setInterval(() => {
      void sweepPartial(rooms, PARTIAL_MS).catch(warnOf(rooms, UNSWEPT_PARTIAL))
    }, HOUR_MS),
    // Picks up certificates that `nocturne key confirm` put into effect in another process.
    setInterval(() => {
      void rooms.certificates.refresh().catch(warnOf(rooms, UNREFRESHED))
    }, REFRESH_MS),
  ].map((timer) => timer.unref())
  const stopPublishing = startPublishing(rooms)
  const stopWitnessing = startWitnessing(rooms)
  const stopForwarding = startForwarding(rooms)
  const stopNight = startNight(rooms, warnOf(rooms, UNDONE))
  return async () => {
    timers.forEach((timer) => clearInterval(timer))
    await stopNight()
    await stopForwarding()
    await stopWitnessing()
    await stopPublishing()
  }
}

const UNSWEPT = 'a sweep failed; the next one goes on'
const UNSWEPT_PARTIAL = 'half-written objects may be left; the next sweep goes on'
const UNDONE = 'what is due in cases and notifications was not all done; the next round continues'
const UNREFRESHED = 'the certificates could not be read again'

const warnOf =
  ({ logger }: Rooms, message: string) =>
  (error: unknown): void =>
    logger.warn(message, { code: asNocturneError(error).code })

async function sweepAll(rooms: Rooms, leasedBefore: number): Promise<void> {
  // Needs no store, which may be unavailable.
  await rooms.deliveries.endLeft(leasedBefore)
  const count = await rooms.transfers.sweep(leasedBefore)
  if (count > 0) rooms.logger.warn('left-over uploads were removed', { count })
}

async function sweepPartial(rooms: Rooms, olderThanMs: number): Promise<void> {
  const count = await rooms.store.sweepPartial(olderThanMs)
  if (count > 0) rooms.logger.warn('half-written objects were removed', { count })
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const subject =
        systemCode(error) === 'EADDRINUSE'
          ? 'the port is taken'
          : 'the address cannot be listened on'
      reject(new NocturneError('usage', { cause: error, subject }))
    })
    server.listen(port, host, resolve)
  })
  return server.address() as AddressInfo
}

async function stop(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(late)
}

const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)
