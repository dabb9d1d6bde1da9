/**
 * A gateway that serves in this process, a facility's edge in a folder of its own, and the line
 * between them. The line is the command's own, over HTTP.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// Loaded before `openSite` imports two modules in parallel that need the same package, which jest
// would link twice.
import '../../src/config/index.js'
import { GatewayClient } from '../../src/cli/client.js'
import { fetchSealing, isAway, lineTo } from '../../src/cli/edge/line.js'
import { openSite } from '../../src/cli/site/site.js'
import { checkCertificate } from '../../src/cli/trust/trust.js'
import { initSite } from '../../src/config/init/index.js'
import type { Site } from '../../src/config/index.js'
import { newEdge } from '../../src/edge/folder.js'
import type { Line } from '../../src/edge/forward.js'
import { identityOf, openEdgeRooms, prepareEdge } from '../../src/edge/open.js'
import type { Asking } from '../../src/edge/open.js'
import { openRooms } from '../../src/gateway/rooms.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { createApp } from '../../src/http/app.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { createLogger } from '../../src/lib/logger.js'
import { newKey, readPrivateKey } from '../../src/seal/keys/index.js'
import type { PrivateKey } from '../../src/seal/keys/index.js'
import type { Identity } from '../../src/transfer/sealed/index.js'
import { besides } from '../_doors.js'
import { keepEventTypesOf } from '../_event-types.js'

const OPERATOR = { id: 'operator-1', role: 'operator', method: 'site' } as const
const logger = createLogger('silent')
const noWitness = { kind: 'none', clears: false, threads: 1 } as const

export interface OpenedEdge {
  readonly rooms: Rooms
  readonly as: Identity
  close(): Promise<void>
}

export interface EdgeSite {
  /** Of the gateway; changes with a restart. */
  rooms(): Rooms
  readonly edgeDir: string
  readonly url: () => string
  /** A client with the token of a principal. */
  client(principal: string): Promise<GatewayClient>
  line(): Promise<Line>
  openEdge(): Promise<OpenedEdge>
  /** As the command asks. */
  asking(): Promise<Asking>
  /** The gateway's own site file, changed; in effect with the next restart. */
  change(change: (site: Site) => Site): void
  key(principal: string): Promise<PrivateKey>
  /** The line is cut: nobody listens. */
  cut(): Promise<void>
  /** A gateway that was restarted listens at the same address. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** @param now the clock of the gateway */
export async function openEdgeSite(now: () => number = Date.now): Promise<EdgeSite> {
  const parent = await mkdtemp(join(tmpdir(), 'nocturne-edge-'))
  const [dir, edgeDir] = [join(parent, 'site'), join(parent, 'edge')]
  await initSite(dir, { demo: true, newKey, newLedgerKey })
  const settings = { gateway: 'http://127.0.0.1', tokenFile: 'token' }
  const { certificate } = await newEdge(edgeDir, settings, { newKey, newLedgerKey })
  const read = await openSite(dir)
  let site = withEdge(read, await readFile(certificate, 'utf8'))
  let rooms = await openGateway(site, now)
  let serving = await serve(rooms, 0)
  const { port } = serving
  const url = () => `http://127.0.0.1:${String(port)}`
  const client = async (principal: string) => {
    const { token } = await rooms.tokens.issue(principal, { days: 1, actor: OPERATOR })
    return new GatewayClient({ url: url(), token, signal: new AbortController().signal })
  }
  const ledgerKey = rooms.ledger.verifierKey
  const line = async () =>
    lineTo({
      client: await client('edge-1'),
      trust: { checkReceipt: () => Promise.resolve() },
      // No waiting for another attempt.
      signal: AbortSignal.abort(),
      onRetry: () => undefined,
    })
  const asking = async (): Promise<Asking> => {
    const asker = await client('edge-1')
    return {
      ask: async () => {
        try {
          return await fetchSealing(asker)
        } catch (error) {
          if (isAway(error)) return undefined
          throw error
        }
      },
      verify: (one) => checkCertificate(ledgerKey, one),
      load: openSite,
    }
  }
  return {
    rooms: () => rooms,
    ...{ edgeDir, url, client, line, asking },
    change: (change) => {
      site = change(site)
    },
    key: async (principal) =>
      readPrivateKey(await readFile(join(dir, `demo-keys/${principal}.asc`), 'utf8')),
    openEdge: async () => {
      const prepared = await prepareEdge(edgeDir, await asking())
      const config = { ...prepared.site.config, textDetector: noWitness }
      const quiet = { ...prepared, site: { ...prepared.site, config } }
      const opened = await openEdgeRooms(quiet, { logger })
      return {
        rooms: opened,
        as: identityOf(opened, prepared.told),
        close: async () => {
          await keepEventTypesOf(opened.state)
          await opened.close()
        },
      }
    },
    cut: () => serving.close(),
    restart: async () => {
      await serving.close()
      await rooms.close()
      rooms = await openGateway(site, now)
      serving = await serve(rooms, port)
    },
    close: async () => {
      await serving.close()
      await keepEventTypesOf(rooms.state)
      await rooms.close()
      await rm(parent, { recursive: true, force: true })
    },
  }
}

function withEdge({ config, secrets }: Site, certificate: string): Site {
  const edge = { id: 'edge-1', role: 'sender', facility: 'facility-a', certificate } as const
  return {
    config: {
      ...config,
      people: [...config.people, edge],
      facilities: config.facilities.map((one) => ({ ...one, edges: ['edge-1'] })),
      textDetector: noWitness,
      logLevel: 'silent',
    },
    secrets,
  }
}

async function openGateway(site: Site, now: () => number): Promise<Rooms> {
  const rooms = await openRooms(site, { logger, now, isAlone: true })
  await rooms.certificates.record()
  await rooms.memberships.record()
  await rooms.gatewayKeys.record()
  await rooms.facilityKeys.record()
  await rooms.transfers.sweep(Number.MAX_SAFE_INTEGER)
  return rooms
}

async function serve(rooms: Rooms, port: number) {
  const beside = await besides(rooms)
  const server = createServer(createApp(rooms, () => 'http://127.0.0.1', beside))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  let isOpen = true
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      if (!isOpen) return
      isOpen = false
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await beside.doors.close(0)
    },
  }
}
