/** Opens the rooms of a site and connects them. The caller must close them. */
import { hkdfSync } from 'node:crypto'
import { createAuthenticate, createTokens } from './access/index.js'
import { createKeyChecks, createSignIn } from './access/sign-in/index.js'
import type { Authenticate, Tokens } from './access/index.js'
import type { KeyChecks, SignIn } from './access/sign-in/index.js'
import { createCompliance, probeDoor, sampleObjects } from './compliance/index.js'
import type { Compliance } from './compliance/index.js'
import type { Cases } from './cases/index.js'
import type { Site } from './config/index.js'
import { createDeliveries } from './deliver/index.js'
import type { Deliveries } from './deliver/index.js'
import { createTextDetector, hasTextDetector } from './deidentify/blank/index.js'
import { keyIdOf } from './deidentify/identity/index.js'
import type { TextDetector } from './deidentify/index.js'
import { createDirectory } from './directory/index.js'
import { dutyAt } from './duty/index.js'
import { openChannels } from './running/channels.js'
import { createNight } from './running/night.js'
import type { Night } from './running/night.js'
import { submitCheckpoint } from './running/witnessing.js'
import type { Directory } from './directory/index.js'
import { createForwarding, createSend } from './ledger/sinks/index.js'
import { createLedger } from './ledger/log/index.js'
import { eventSpans, lastOf, reviewState } from './ledger/reviews/index.js'
import { createPublisher, expectAnchor } from './ledger/published/index.js'
import { createWitnessing } from './ledger/witness/index.js'
import { retentionMs } from './ledger/retention/index.js'
import type { Forwarding } from './ledger/sinks/index.js'
import type { Ledger } from './ledger/log/index.js'
import type { Publisher } from './ledger/published/index.js'
import type { Witnessing } from './ledger/witness/index.js'
import { NocturneError } from './lib/errors.js'
import { randomName } from './lib/ids.js'
import { createLogger } from './lib/logger.js'
import { VERSION } from './lib/version.js'
import type { Logger } from './lib/logger.js'
import { isKeyPacketFor, sealBytes, newEnvelope, sealedMessage, sealMessage } from './seal/index.js'
import {
  inspectCertificate,
  problemOfSigner,
  readPrivateKey,
  signDetached,
  toRecipient,
  verifyDetached,
} from './seal/keys/index.js'
import type { PrivateKey } from './seal/keys/index.js'
import { subscriptionsOf } from './notify/index.js'
import { openState } from './state/index.js'
import type { State } from './state/index.js'
import { openLogFiles, openStore } from './store/index.js'
import type { LogFiles, ObjectStore } from './store/index.js'
import {
  createCertificates,
  createCertificateWarnings,
  createConfigurationRecord,
  createFacilityKeys,
  createGatewayKeys,
} from './site/index.js'
import type { Certificates, CertificateWarnings, FacilityKeys, GatewayKeys } from './site/index.js'
import { createTransfers, drawItems, MemoryBudget } from './transfer/index.js'
import type { Transfers, UploadTarget } from './transfer/index.js'
import { Gathering } from './gathering.js'
import type { BeginGathering } from './gathering.js'
import { Upload } from './transfer.js'
import type { BeginUpload } from './transfer.js'

/**
 * Plaintext of originals that may wait in memory for a verdict, over all uploads together. Beyond
 * this, an original is sealed to the facility first.
 */
const ORIGINALS_BYTES = 8 << 20

/** Number of objects that an assessment samples from the store. */
const SAMPLED_OBJECTS = 20

export interface Rooms {
  readonly site: Site
  readonly logger: Logger
  readonly state: State
  readonly ledger: Ledger
  readonly store: ObjectStore
  /** Where the ledger is published. */
  readonly logFiles: LogFiles
  readonly publisher: Publisher
  readonly witnessing: Witnessing
  readonly forwarding: Forwarding
  readonly directory: Directory
  readonly certificates: Certificates
  readonly certificateWarnings: CertificateWarnings
  readonly configuration: ReturnType<typeof createConfigurationRecord>
  readonly facilityKeys: FacilityKeys
  readonly gatewayKeys: GatewayKeys
  readonly tokens: Tokens
  readonly authenticate: Authenticate
  readonly signIn: SignIn
  readonly keyChecks: KeyChecks
  readonly transfers: Transfers
  /** The main path, used by every door. */
  readonly beginUpload: BeginUpload
  /** The same, for studies that arrive instance by instance. */
  readonly beginGathering: BeginGathering
  readonly cases: Cases
  readonly proofs: Night['proofs']
  readonly notify: Night['notify']
  readonly deliveries: Deliveries
  readonly compliance: Compliance
  readonly textDetector: TextDetector | undefined
  /** Signs manifests. */
  readonly gatewayKey: PrivateKey
  /** Milliseconds since 1970. */
  readonly now: () => number
  close(): Promise<void>
}

export interface RoomOptions {
  readonly logger?: Logger
  /** The origin that clients see; known only after listening when the system chooses the port. */
  readonly origin?: () => string
  readonly now?: () => number
  /**
   * `skip` opens the ledger without checking it against the published one, for inspecting or
   * restoring it.
   */
  readonly anchor?: 'check' | 'skip'
  /** Whether no other process uses the database. */
  readonly isAlone?: boolean
}

/**
 * @throws NocturneError `database_unavailable`, `database_unusable`, `ledger_broken`,
 * `ledger_rolled_back`, `store_unavailable`, `store_replaced`, `key_unreadable`,
 * `gateway_key_unfit`
 */
export async function openRooms(site: Site, options: RoomOptions = {}): Promise<Rooms> {
  const { config, secrets } = site
  const now = options.now ?? Date.now
  const logger = options.logger ?? createLogger(config.logLevel)
  const gateway = config.gateway.name
  const gatewayKey = await readPrivateKey(secrets.gatewayKey)
  const report = await inspectCertificate(gatewayKey.certificate, new Date(now()), config.keys)
  const unfit = problemOfSigner(report)
  // An expired key no longer signs, but the transfers it signed can still be fetched, verified and
  // dumped.
  if (unfit && !unfit.isPassing)
    throw new NocturneError('gateway_key_unfit', { subject: unfit.reason })
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(room: T): T => {
    opened.push(room)
    return room
  }
  const close = async () => {
    for (const room of opened.splice(0).reverse()) await room.close()
  }
  const detector = textDetectorOf(config.textDetector)
  const textDetector = detector && keep(detector)
  const state = keep(
    await openState(config.database, {
      ...databaseOptions(site),
      isAlone: options.isAlone,
      now,
    }),
  )
  try {
    const ledger = await createLedger({ state, gateway, signingKey: secrets.ledgerKey, now })
    const store = keep(await openStore(config.store))
    const logFiles = keep(await openLogFiles(config.store))
    const { verifierKey } = ledger
    const holder = randomName()
    if (options.anchor !== 'skip') await expectAnchor(state, logFiles, verifierKey)
    const inspect = (certificate: string) =>
      inspectCertificate(certificate, new Date(now()), config.keys)
    const verifyNow = (text: string, signature: string, certificate: string) =>
      verifyDetached(text, signature, certificate, new Date(now()))
    const certificates = await createCertificates({
      ...{ config, state, ledger, now },
      fingerprintOf: async (certificate) => (await inspect(certificate)).fingerprint,
      verifyDetached: verifyNow,
    })
    const directory = createDirectory(config, {
      toRecipient: (id, certificate) => toRecipient(id, certificate, new Date(now()), config.keys),
      inspectCertificate: inspect,
      inEffect: (id) => certificates.inEffect(id),
    })
    const facilityKeys = createFacilityKeys({
      ...{ facilities: config.facilities, secrets, state, ledger, keyIdOf, now },
    })
    const gatewayKeys = createGatewayKeys({
      ...{ key: gatewayKey, state, ledger, now },
      problemOf: async (certificate) => problemOfSigner(await inspect(certificate)),
    })
    const origin = options.origin ?? (() => config.gateway.origin ?? `https://${gateway}`)
    const secret = new Uint8Array(
      hkdfSync('sha256', secrets.ledgerKey, '', 'nocturne/sign-in/v1', 32),
    )
    const sealTo = async (id: string, content: Uint8Array) => {
      const certificate = directory.principal(id)?.certificate ?? ''
      const recipient = await toRecipient(id, certificate, new Date(now()), config.keys)
      return sealBytes(content, recipient, new Date(now()))
    }
    const { cases, proofs, notify } = createNight({
      ...{ config, state, ledger, directory, origin, secret, sealTo, now },
      // Cases and transfers depend on each other, so this refers to `transfers` lazily.
      holdTransfers: (tx, ids, holder) => transfers.claims.hold(tx, ids, holder),
      senders: await openChannels(config, state, secret, now),
      hasPush: async (tx, person) => (await subscriptionsOf(tx, person)).length > 0,
    })
    const transfers: Transfers = createTransfers({
      cases,
      ...{ gateway, state, ledger, store, directory, facilityKeys, gatewayKeys, keyIdOf },
      ...{ limits: config.limits, budget: new MemoryBudget(ORIGINALS_BYTES), logger, now },
      newEnvelope: async (group) =>
        newEnvelope(await directory.recipientsOf(group), new Date(now())),
      sealSigned: (envelope, content) => envelope.sealSigned(content, gatewayKey, new Date(now())),
      sealerTo: async (facility) => {
        const recipient = await directory.facilityRecipient(facility)
        return (content) => sealMessage(content, recipient, new Date(now()))
      },
      sealedMessage,
      sign: (text) => signDetached(text, gatewayKey, new Date(now())),
      verifyDetached: verifyNow,
    })
    const path = {
      ...{ transfers, directory, store, facilityKeys, gatewayKeys, textDetector, now },
      limits: config.limits,
    }
    const tokens = keep(createTokens({ state, ledger, now }))
    const witnessing = await createWitnessing({
      ...{ state, ledger, witnesses: config.witnesses, submit: submitCheckpoint, holder, now },
    })
    const forwarding = createForwarding({
      ...{ state, ledger, sinks: config.sinks, send: createSend(), holder, now },
      source: () => ({ origin: origin() }),
    })
    const compliance = createCompliance({
      ...{ config, state, ledger, version: VERSION, now, inspect, probe: probeDoor },
      ledgerSources: {
        spans: () => eventSpans(state.db),
        lastOf: (type) => lastOf(state.db, type),
        review: () => reviewState(state.db, config.ledger.review.days, now()),
        proposed: () => certificates.waiting(),
        witnessed: () => witnessing.witnessed(),
        sinks: () => forwarding.status(),
      },
      systemSources: {
        node: process.version,
        verifyLedger: () => ledger.verify(),
        tokens: () => tokens.list(),
        sample: async () => sampleObjects(store, await drawItems(state, SAMPLED_OBJECTS)),
      },
    })
    return {
      site,
      logger,
      state,
      ledger,
      store,
      logFiles,
      witnessing,
      forwarding,
      publisher: createPublisher({
        state,
        files: logFiles,
        verifierKey,
        holder,
        now,
        keepMs: retentionMs(config.ledger.retention.years),
      }),
      directory,
      certificates,
      certificateWarnings: createCertificateWarnings({
        ...{ directory, certificates, now },
        gatewayKeyUntil: report.signsUntil,
      }),
      configuration: createConfigurationRecord({ config, ledger, ledgerKey: secrets.ledgerKey }),
      facilityKeys,
      gatewayKeys,
      tokens,
      authenticate: createAuthenticate({ tokens, directory }),
      signIn: createSignIn({
        ledger,
        directory,
        tokens,
        origin,
        secret,
        verifyDetached: verifyNow,
        now,
      }),
      keyChecks: createKeyChecks({
        ledger,
        recipientOf: ({ id, certificate }) =>
          toRecipient(id, certificate, new Date(now()), config.keys),
        sealBytes: (content, recipient) => sealBytes(content, recipient, new Date(now())),
        origin,
        secret,
        now,
      }),
      transfers,
      beginUpload: async (target) => {
        await gateOf(compliance, target)
        return Upload.begin(path, target)
      },
      beginGathering: async (target, study) => {
        await gateOf(compliance, target)
        return Gathering.begin(path, target, study)
      },
      cases,
      proofs,
      notify,
      deliveries: createDeliveries({
        cases,
        closesCases: config.cases.closeOn === 'acknowledged',
        state,
        ledger,
        store,
        transfers,
        directory,
        verifyDetached: verifyNow,
        isKeyPacketFor: (packet, format, recipient) =>
          isKeyPacketFor(packet, format, recipient, new Date(now())),
        dutyAt,
        gateway,
        now,
      }),
      compliance,
      textDetector,
      gatewayKey,
      now,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The gates do not stop additions to an existing transfer, or items released from quarantine. */
const gateOf = async ({ gates }: Compliance, target: UploadTarget): Promise<void> => {
  const { facility, group, priority, actor } = target
  if (target.transfer === undefined && target.release === undefined)
    await gates.transfer({ facility, group, priority }, actor)
}

const databaseOptions = ({ secrets }: Site) =>
  secrets.databasePassword === undefined ? {} : { password: secrets.databasePassword }

/**
 * The detector named in nocturne.yaml, or the installed one if none is named.
 * @throws NocturneError `text_detector_missing`
 */
function textDetectorOf(wanted: Site['config']['textDetector']) {
  if (wanted?.kind === 'none' || (!wanted && !hasTextDetector())) return undefined
  return createTextDetector(wanted ?? { clears: true, threads: 1 })
}
