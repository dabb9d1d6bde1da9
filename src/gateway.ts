/** The gateway as a running process: rooms, server, background sweeps, and an orderly shutdown. */
import type { RequestListener, Server } from 'node:http'
import type { Site } from './config/index.js'
import { openDoors } from './doors/open.js'
import type { Doors } from './doors/open.js'
import { createApp, createMetricsApp } from './http/app.js'
import { createMetrics } from './http/metrics.js'
import { createOpeningApp } from './http/opening-app.js'
import { createPlainServer, createServer, listen, listenMore, stop } from './http/server.js'
import { watchLoop } from './running/event-loop.js'
import type { LoopWatch } from './running/event-loop.js'
import { createOpening } from './running/opening.js'
import type { Opening } from './running/opening.js'
import { startWork, sweepAtStart } from './running/work.js'
import { createBeginning } from './site/beginning/index.js'
import type { Membership } from './running/work.js'
import { forgetHolders } from './ledger/published/index.js'
import { lockSite } from './running/site-lock.js'
import { SYSTEM } from './lib/actors.js'
import { asNocturneError } from './lib/errors.js'
import { randomName } from './lib/ids.js'
import { createLogger } from './lib/logger.js'
import { VERSION } from './lib/version.js'
import { openRooms } from './gateway/rooms.js'
import type { RoomOptions } from './gateway/ground.js'
import type { Rooms } from './gateway/rooms.js'
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

interface Open {
  readonly rooms: Rooms
  readonly membership: Membership
}

/** What the gateway holds so far, which grows during its start. */
interface Held {
  rooms?: Rooms
  membership?: Membership
  /** Set once the start is recorded in the ledger, so that the stop must be recorded too. */
  isRecorded?: boolean
  doors?: Doors
  /** Of `/metrics`, where the site has one. */
  measuring?: Server
  stopWork?: () => Promise<void>
  loop?: LoopWatch
}

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
  const { now = Date.now } = overrides
  let answer: RequestListener = createOpeningApp(logger, () => opening.readiness(), now)
  const server = await createServer(config, (request, response) => {
    answer(request, response)
  }).catch(async (error: unknown) => {
    await unlock()
    throw error
  })
  let url = ''
  const origin = () => config.gateway.origin ?? url
  const held: Held = {}
  let starting: Promise<unknown> = Promise.resolve()

  const start = async () => {
    const { host, tls } = config.gateway
    const { port } = await listen(server, host, overrides.port ?? config.gateway.port)
    listenMore(server)
    url = `${tls ? 'https' : 'http'}://${hostInUrl(host)}:${port}`
    logger.info('listening', { url, version: VERSION })
    const options = { ...overrides, isAlone, logger, origin }
    const open = await openAll(site, options, opening, held)
    closing.signal.throwIfAborted()
    answer = await serve(open, origin, held)
    logger.info('ready', { url, version: VERSION })
    return { url, rooms: open.rooms }
  }

  return {
    start: () => {
      const started = start()
      starting = started.catch(() => undefined)
      return started
    },
    async close(graceMs = GRACE_MS) {
      closing.abort()
      // Streams of updates would keep the server open.
      await held.rooms?.following.close()
      await stop(server, graceMs)
      await starting
      await closeAll(held, graceMs)
      await unlock()
    },
  }
}

/**
 * Each step completes before the next, and no request is served before the last one: a ledger that
 * was rolled back stops the start here.
 */
async function openAll(
  site: Site,
  options: RoomOptions & { readonly isAlone: boolean },
  opening: Opening,
  held: Held,
): Promise<Open> {
  const { isAlone } = options
  const rooms = await opening.step(() => openRooms(site, options))
  held.rooms = rooms
  const membership = await opening.step(() => join(rooms, isAlone))
  held.membership = membership
  // Before the first event of this start: a clock that is not trusted must not vouch for itself.
  await opening.step(() => rooms.timekeeping.observe())
  await opening.step(() => recordStart(rooms))
  held.isRecorded = true
  await markBegun(rooms, site.config.dir, opening)
  await opening.step(() => rooms.invitations.record(SYSTEM))
  await opening.step(() => rooms.certificates.record())
  await opening.step(() => rooms.memberships.record())
  await opening.step(() => endAccess(rooms))
  await opening.step(() => rooms.gatewayKeys.record())
  await opening.step(() => rooms.facilityKeys.record())
  await opening.step(() => rooms.gatekeeper.recall())
  await sweepAtStart(rooms, isAlone, (work) => opening.step(work))
  if (isAlone) await opening.step(() => forgetHolders(rooms.state))
  return { rooms, membership }
}

async function markBegun(rooms: Rooms, dir: string, opening: Opening): Promise<void> {
  const checkpoint = await opening.step(() => rooms.ledger.checkpoint())
  const system = await createBeginning(dir).mark(checkpoint)
  if (system !== undefined)
    rooms.logger.warn('secrets/begun is not writable: lost data would look like a new site', {
      system,
    })
}

/**
 * Opens the doors and starts the background work. Returns the handler for HTTP requests from now
 * on.
 */
async function serve(
  { rooms, membership }: Open,
  origin: () => string,
  held: Held,
): Promise<RequestListener> {
  const metrics = createMetrics()
  held.doors = await openDoors(rooms, {
    item: (outcome) => metrics.item(outcome),
    refusal: (reason) => metrics.refusal(reason),
    prior: (state) => metrics.prior(state),
  })
  const hasWitnesses = rooms.site.config.witnesses.length > 0
  const isEdge = rooms.edgeState !== undefined
  held.stopWork = startWork({ ...rooms, membership, hasWitnesses, isEdge, leaseMs: LEASE_MS })
  held.loop = watchLoop()
  const seen = { metrics, doors: { ...held.doors, loop: held.loop } }
  const own = rooms.site.config.gateway.metrics
  if (own) {
    held.measuring = createPlainServer(createMetricsApp(rooms, seen))
    const { address, port } = await listen(held.measuring, own.host, own.port)
    rooms.logger.info('metrics', { url: `http://${hostInUrl(address)}:${String(port)}` })
  }
  return createApp(rooms, origin, seen)
}

/** Records the stop before ending the background work, which still publishes and forwards it. */
async function closeAll(
  { rooms, membership, isRecorded, doors, measuring, stopWork, loop }: Held,
  graceMs: number,
): Promise<void> {
  loop?.close()
  if (measuring) await stop(measuring, 0)
  await doors?.close(graceMs)
  if (rooms && isRecorded) {
    // If this fails, the next sweep ends them.
    await rooms.deliveries.endRanges().catch(() => undefined)
    await recordStop(rooms)
  }
  await stopWork?.()
  // If this fails, the row expires within a minute.
  await membership?.leave().catch(() => undefined)
  await rooms?.close()
}

/** A person who was removed, or whose certificate is revoked, loses sessions and tokens. */
async function endAccess({ tokens, directory }: Rooms): Promise<void> {
  for (const holder of await tokens.holders()) {
    const principal = directory.principal(holder)
    if (principal && !(await directory.isRevoked(principal))) continue
    await tokens.revokeAll(holder, SYSTEM)
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
      // Declares that rows of this database have had MACs since its first start (src/ledger/rows).
      rows: 'sealed',
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

/** From here on, no later version migrates the database while this gateway runs. */
const join = ({ state, now }: Rooms, isAlone: boolean): Promise<Membership> =>
  state.join({ id: randomName(), now, isAlone })

const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)
