/** Opens what all rooms of a gateway build on: keys, database, ledger and stores. */
import { hkdfSync } from 'node:crypto'
import type { Site, SiteConfig } from '../config/index.js'
import { createTextDetector, hasTextDetector } from '../deidentify/blank/index.js'
import type { TextDetector } from '../deidentify/index.js'
import { expectAnchor } from '../ledger/published/index.js'
import { createLedger } from '../ledger/log/index.js'
import type { Ledger } from '../ledger/log/index.js'
import { createSigners, openRowGuard } from '../ledger/rows/index.js'
import type { RowGuard, Signers } from '../ledger/rows/index.js'
import { NocturneError } from '../lib/errors.js'
import { randomName } from '../lib/ids.js'
import { createLogger } from '../lib/logger.js'
import type { Logger } from '../lib/logger.js'
import { CLOCK_ALLOWANCE_MS } from '../protocol/clock.js'
import {
  inspectCertificate,
  problemOfSigner,
  readPrivateKey,
  toRecipient,
  verifyDetached,
} from '../seal/keys/index.js'
import type { PrivateKey, VerifyDetached } from '../seal/keys/index.js'
import { createBeginning } from '../site/beginning/index.js'
import { configInEffect, createRoll } from '../site/enrolment/index.js'
import type { Roll } from '../site/enrolment/index.js'
import { openState } from '../state/index.js'
import type { State } from '../state/index.js'
import { openLogFiles, openStore } from '../store/index.js'
import type { LogFiles, ObjectStore } from '../store/index.js'
import { createSpool } from '../transfer/sealed/index.js'
import type { LineView, Spool } from '../transfer/sealed/index.js'

export interface RoomOptions {
  readonly logger?: Logger
  /** The origin that clients see; known only after listening when the system chooses the port. */
  readonly origin?: () => string
  readonly now?: () => number
  /** Milliseconds of a clock that nobody sets; with a `now` of a test, that clock itself. */
  readonly steady?: () => number
  /**
   * `skip` opens the ledger without checking it against the published one, for inspecting or
   * restoring it.
   */
  readonly anchor?: 'check' | 'skip'
  /** Whether no other process uses the database. */
  readonly isAlone?: boolean
  /** Set at an edge. */
  readonly edge?: EdgeOptions
}

/** How the rooms of an edge differ: they seal for a gateway elsewhere. */
export interface EdgeOptions {
  /** Name of that gateway, which manifests state. */
  readonly gateway: string
  /** Principal ID of the edge there. */
  readonly id: string
  /**
   * Whether the gateway's ledger names this certificate, so that nobody has to confirm here what
   * was confirmed there.
   */
  readonly isVouched: (principal: string, fingerprint: string) => boolean
  /** How many sealed bytes may wait for the gateway; undefined: as many as the disk holds. */
  readonly spoolBytes?: number | undefined
  /** In the process that forwards. */
  readonly line?: () => LineView
}

export interface Ground {
  /** With the people in effect: `config.people` and `config.groups` change while it runs. */
  readonly site: Site
  /** The configuration as nocturne.yaml has it. */
  readonly filed: SiteConfig
  readonly roll: Roll
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly steady: () => number
  /** What the clock of the database server shows, if `now` can be compared with it. */
  readonly serverTime: State['serverTime']
  readonly origin: () => string
  /** Signs manifests. */
  readonly gatewayKey: PrivateKey
  /** Until when it can; undefined when it does not expire. */
  readonly gatewayKeyUntil: Report['signsUntil']
  readonly textDetector: TextDetector | undefined
  readonly state: State
  readonly ledger: Ledger
  /** Tells rows of this site from those that somebody wrote past it. */
  readonly guard: RowGuard
  /** The same, of rows that hold what somebody signed. */
  readonly signers: Signers
  readonly store: ObjectStore
  /** Where the ledger is published. */
  readonly logFiles: LogFiles
  /** Names this process among those that share the database. */
  readonly holder: string
  /** Shared by all gateways of the site. */
  readonly secret: Uint8Array
  /** OpenPGP by this site's policy and at this moment. */
  readonly keys: CurrentKeys
  readonly edge?: EdgeOptions | undefined
  /** At an edge. */
  readonly spool?: Spool | undefined
}

export interface CurrentKeys {
  readonly inspect: (certificate: string) => Promise<Report>
  readonly toRecipient: (id: string, certificate: string) => ReturnType<typeof toRecipient>
  readonly verifyDetached: VerifyDetached
}

type Report = Awaited<ReturnType<typeof inspectCertificate>>

/** Closes what was opened, in reverse order. */
export class Opened {
  readonly #rooms: { close(): Promise<void> }[] = []

  keep<T extends { close(): Promise<void> }>(room: T): T {
    this.#rooms.push(room)
    return room
  }

  async close(): Promise<void> {
    for (const room of this.#rooms.splice(0).reverse()) await room.close()
  }
}

/**
 * @param opened - collects what has to be closed, also when this throws
 * @throws NocturneError `database_unavailable`, `database_unusable`, `data_missing`,
 *   `ledger_broken`, `ledger_rolled_back`, `store_unavailable`, `store_replaced`, `key_unreadable`,
 *   `gateway_key_unfit`, `text_detector_missing`
 */
export async function openGround(
  site: Site,
  options: RoomOptions,
  opened: Opened,
): Promise<Ground> {
  const { config, secrets } = site
  const now = options.now ?? Date.now
  const keys = currentKeys(config, now)
  const gatewayKey = await readPrivateKey(secrets.gatewayKey)
  const gatewayKeyUntil = await expectFit(keys, gatewayKey)
  const textDetector = openTextDetector(config.textDetector, opened)
  const state = opened.keep(
    await openState(config.database, {
      ...databaseOptions(site),
      isAlone: options.isAlone,
      now,
    }),
  )
  const gateway = config.gateway.name
  const ledger = await createLedger({ state, gateway, signingKey: secrets.ledgerKey, now })
  const size = sizeOf(await ledger.checkpoint())
  await createBeginning(config.dir).expectData(size)
  const store = opened.keep(await openStore(config.store))
  const limit = options.edge?.spoolBytes
  const spool = limit === undefined ? undefined : createSpool({ state, store, now }, limit)
  const logFiles = opened.keep(await openLogFiles(config.store))
  if (options.anchor !== 'skip') await expectAnchor(state, logFiles, ledger.verifierKey)
  const guard = await openRowGuard(ledger, secrets.ledgerKey)
  const fingerprintOf = async (text: string) => (await keys.inspect(text)).fingerprint
  const signers = createSigners({ guard, fingerprintOf })
  const roll = await createRoll({ config, state, guard })
  return {
    site: { ...site, config: configInEffect(config, roll) },
    ...{ filed: config, roll, guard, signers, now, keys, gatewayKey, gatewayKeyUntil },
    ...{ textDetector, state, ledger, spool, store: spool?.store ?? store },
    logger: options.logger ?? createLogger(config.logLevel),
    ...steadyTimes(options, state),
    origin: options.origin ?? (() => config.gateway.origin ?? `https://${gateway}`),
    logFiles,
    edge: options.edge,
    holder: randomName(),
    secret: new Uint8Array(hkdfSync('sha256', secrets.ledgerKey, '', 'nocturne/sign-in/v1', 32)),
  }
}

const steadyTimes = (
  { now, steady }: RoomOptions,
  state: State,
): Pick<Ground, 'steady' | 'serverTime'> => ({
  steady: steady ?? now ?? (() => performance.now()),
  serverTime: now ? () => Promise.resolve(undefined) : () => state.serverTime(),
})

const sizeOf = (checkpoint: string): number => Number(checkpoint.split('\n')[1])

const currentKeys = ({ keys: policy }: SiteConfig, now: () => number): CurrentKeys => ({
  inspect: (certificate) => inspectCertificate(certificate, new Date(now()), policy),
  toRecipient: (id, certificate) => toRecipient(id, certificate, new Date(now()), policy),
  // A signer's clock may be ahead of ours. The key must be good at one of the two times.
  verifyDetached: async (text, signature, certificate) =>
    (await verifyDetached(text, signature, certificate, new Date(now()))) ||
    verifyDetached(text, signature, certificate, new Date(now() + CLOCK_ALLOWANCE_MS)),
})

/**
 * An expired key no longer signs, but the transfers it signed can still be fetched, verified and
 * dumped.
 *
 * @throws NocturneError `gateway_key_unfit`
 */
async function expectFit(
  keys: CurrentKeys,
  { certificate }: PrivateKey,
): Promise<Report['signsUntil']> {
  const report = await keys.inspect(certificate)
  const unfit = problemOfSigner(report)
  if (unfit && !unfit.isPassing)
    throw new NocturneError('gateway_key_unfit', { subject: unfit.reason })
  return report.signsUntil
}

const databaseOptions = ({ secrets }: Site) =>
  secrets.databasePassword === undefined ? {} : { password: secrets.databasePassword }

/**
 * The detector named in nocturne.yaml, or the installed one if none is named.
 * @throws NocturneError `text_detector_missing`
 */
function openTextDetector(
  wanted: SiteConfig['textDetector'],
  opened: Opened,
): TextDetector | undefined {
  if (wanted?.kind === 'none' || (!wanted && !hasTextDetector())) return undefined
  return opened.keep(createTextDetector(wanted ?? { clears: true, threads: 1 }))
}
