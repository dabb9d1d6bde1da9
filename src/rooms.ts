/** Opens the rooms of a site and puts them together. Whoever opens them closes them. */
import { hkdfSync } from 'node:crypto'
import { createAuthenticate, createSignIn, createTokens } from './access/index.js'
import type { Authenticate, SignIn, Tokens } from './access/index.js'
import type { Site } from './config/index.js'
import { createDeliveries } from './deliver/index.js'
import type { Deliveries } from './deliver/index.js'
import { createDirectory } from './directory/index.js'
import type { Directory } from './directory/index.js'
import { createLedger } from './ledger/index.js'
import type { Ledger } from './ledger/index.js'
import { createLogger } from './lib/logger.js'
import type { Logger } from './lib/logger.js'
import { inspectCertificate, readPrivateKey, toRecipient, verifyDetached } from './seal/index.js'
import type { PrivateKey } from './seal/index.js'
import { openState } from './state/index.js'
import type { State } from './state/index.js'
import { openStore } from './store/index.js'
import type { ObjectStore } from './store/index.js'
import { MemoryBudget } from './transfer/original.js'

/** Plaintext of originals, all uploads together, that may wait in memory for a verdict before it is sealed to the facility. */
const ORIGINALS_BYTES = 16 << 20

export interface Rooms {
  readonly site: Site
  readonly logger: Logger
  readonly state: State
  readonly ledger: Ledger
  readonly store: ObjectStore
  readonly directory: Directory
  readonly tokens: Tokens
  readonly authenticate: Authenticate
  readonly signIn: SignIn
  readonly deliveries: Deliveries
  /** Signs manifests. */
  readonly gatewayKey: PrivateKey
  readonly budget: MemoryBudget
  /** Milliseconds since 1970. */
  readonly now: () => number
  close(): Promise<void>
}

export interface RoomOptions {
  readonly logger?: Logger
  /** What clients see; known late when the system chooses the port. */
  readonly origin?: () => string
  readonly now?: () => number
}

/** @throws NocturneError `database_unavailable`, `ledger_broken`, `store_unavailable`, `key_unreadable` */
export async function openRooms(site: Site, options: RoomOptions = {}): Promise<Rooms> {
  const { config, secrets } = site
  const now = options.now ?? Date.now
  const logger = options.logger ?? createLogger(config.logLevel)
  const gateway = config.gateway.name
  const gatewayKey = await readPrivateKey(secrets.gatewayKey)
  const state = await openState(config.database, databaseOptions(site))
  try {
    const ledger = await createLedger({ state, gateway, signingKey: secrets.ledgerKey, now })
    const store = await openStore(config.store)
    const directory = createDirectory(config, { toRecipient, inspectCertificate })
    const tokens = createTokens({ state, ledger, now })
    const origin = options.origin ?? (() => config.gateway.origin ?? `https://${gateway}`)
    const secret = new Uint8Array(
      hkdfSync('sha256', secrets.ledgerKey, '', 'nocturne/sign-in/v1', 32),
    )
    return {
      site,
      logger,
      state,
      ledger,
      store,
      directory,
      tokens,
      authenticate: createAuthenticate({ tokens, directory }),
      signIn: createSignIn({ ledger, directory, tokens, origin, secret, verifyDetached, now }),
      deliveries: createDeliveries({
        state,
        ledger,
        store,
        directory,
        verifyDetached,
        gateway,
        now,
      }),
      gatewayKey,
      budget: new MemoryBudget(ORIGINALS_BYTES),
      now,
      close: async () => {
        await tokens.close()
        await store.close()
        await state.close()
      },
    }
  } catch (error) {
    await state.close()
    throw error
  }
}

const databaseOptions = ({ secrets }: Site) =>
  secrets.databasePassword === undefined ? {} : { password: secrets.databasePassword }
