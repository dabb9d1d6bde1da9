/** The gateway as a process runs it: rooms, server, sweeps, and an orderly end. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Site } from './config/index.js'
import { createApp } from './http/app.js'
import { createServer } from './http/server.js'
import { startForwarding } from './http/forwarding.js'
import { startPublishing } from './http/publishing.js'
import { startWitnessing } from './http/witnessing.js'
import { forgetHolders } from './ledger/index.js'
import { lockSite } from './http/site-lock.js'
import { asNocturneError, NocturneError, systemCode } from './lib/errors.js'
import { VERSION } from './lib/version.js'
import { openRooms } from './rooms.js'
import type { RoomOptions, Rooms } from './rooms.js'
import { LEASE_MS } from './transfer/begin.js'
import { recordFacilityKeys } from './transfer/facility-keys.js'
import { recordCertificates, refreshCertificates } from './transfer/certificates.js'
import { configurationDigest, recordConfiguration } from './transfer/configuration.js'
import { SYSTEM, sweep } from './transfer/sweep.js'

export interface Gateway {
  readonly rooms: Rooms
  /** Listens, and resolves when requests are answered. @throws NocturneError `usage` when the port is taken */
  start(): Promise<{ readonly url: string }>
  /** Takes no more requests, waits for those under way (at most `graceMs`), records the stop, closes the rooms. */
  close(graceMs?: number): Promise<void>
}

export interface GatewayOverrides extends RoomOptions {
  readonly port?: number
}

const GRACE_MS = 30_000
const HOUR_MS = 3_600_000
const REFRESH_MS = 5_000
/** Half-written objects that nobody has touched for a day are nobody's. */
const PARTIAL_MS = 24 * HOUR_MS

/** @throws what `openRooms` throws */
export async function createGateway(
  site: Site,
  overrides: GatewayOverrides = {},
): Promise<Gateway> {
  const { config } = site
  // A site with its own database file has one gateway; with PostgreSQL there may be several.
  const isAlone = config.database.startsWith('sqlite:')
  const unlock = isAlone ? await lockSite(config.dir) : () => Promise.resolve()
  let url = ''
  const origin = () => config.gateway.origin ?? url
  const rooms = await openRooms(site, { ...overrides, origin }).catch(async (error: unknown) => {
    await unlock()
    throw error
  })
  const server = await createServer(config, createApp(rooms, origin))
  let sweeping: readonly NodeJS.Timeout[] = []
  let stopPublishing = () => Promise.resolve()
  let stopWitnessing = () => Promise.resolve()
  let stopForwarding = () => Promise.resolve()

  return {
    rooms,
    async start() {
      await recordStart(rooms)
      // Alone, whatever was under way is a dead process's; else only what nobody has renewed.
      await sweepQuietly(rooms, isAlone ? Number.MAX_SAFE_INTEGER : rooms.now())
      await sweepPartialQuietly(rooms, isAlone ? 0 : PARTIAL_MS)
      sweeping = [
        setInterval(() => void sweepQuietly(rooms, rooms.now()), LEASE_MS / 2).unref(),
        setInterval(() => void sweepPartialQuietly(rooms, PARTIAL_MS), HOUR_MS).unref(),
        setInterval(() => void refreshQuietly(rooms), REFRESH_MS).unref(),
      ]
      if (isAlone) await forgetHolders(rooms.state)
      stopPublishing = startPublishing(rooms)
      stopWitnessing = startWitnessing(rooms)
      stopForwarding = startForwarding(rooms)
      const { port } = await listen(
        server,
        config.gateway.host,
        overrides.port ?? config.gateway.port,
      )
      url = `${config.gateway.tls ? 'https' : 'http'}://${hostInUrl(config.gateway.host)}:${port}`
      rooms.logger.info('listening', { url, version: VERSION })
      return { url }
    },
    async close(graceMs = GRACE_MS) {
      sweeping.forEach((timer) => clearInterval(timer))
      await stop(server, graceMs)
      await rooms.ledger
        .note({
          type: 'gateway.stopped',
          outcome: 0,
          actor: SYSTEM,
          detail: { version: VERSION, ...software() },
        })
        .catch((error: unknown) =>
          rooms.logger.error('the stop is not recorded', { code: asNocturneError(error).code }),
        )
      await stopForwarding()
      await stopWitnessing()
      await stopPublishing()
      await rooms.close()
      await unlock()
    },
  }
}

async function recordStart(rooms: Rooms): Promise<void> {
  await recordConfiguration(rooms, {
    type: 'gateway.started',
    outcome: 0,
    actor: SYSTEM,
    detail: {
      version: VERSION,
      database: rooms.state.kind,
      store: rooms.store.kind,
      ...software(),
      config: configurationDigest(rooms),
    },
  })
  await recordCertificates(rooms)
  await recordFacilityKeys(rooms)
}

/** What runs beside our own code. */
const software = () => ({ node: process.version, openssl: process.versions.openssl })

/** A store that is away now, also when we start, keeps its left-overs until it is back. */
async function sweepQuietly(rooms: Rooms, leasedBefore: number): Promise<void> {
  try {
    const count = await sweep(rooms, leasedBefore)
    if (count > 0) rooms.logger.warn('left-over uploads were removed', { count })
  } catch (error) {
    rooms.logger.warn('a sweep failed; the next one goes on', { code: asNocturneError(error).code })
  }
}

async function sweepPartialQuietly(rooms: Rooms, olderThanMs: number): Promise<void> {
  try {
    const count = await rooms.store.sweepPartial(olderThanMs)
    if (count > 0) rooms.logger.warn('half-written objects were removed', { count })
  } catch (error) {
    rooms.logger.warn('half-written objects may be left; the next sweep goes on', {
      code: asNocturneError(error).code,
    })
  }
}

/** What `nocturne key confirm` put into effect beside us. */
async function refreshQuietly(rooms: Rooms): Promise<void> {
  try {
    await refreshCertificates(rooms)
  } catch (error) {
    rooms.logger.warn('the certificates could not be read again', {
      code: asNocturneError(error).code,
    })
  }
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
