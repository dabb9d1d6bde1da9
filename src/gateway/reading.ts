/** Opens transfers, cases, deliveries to readers, and their reports back. */
import { createDeliveries } from '../deliver/index.js'
import type { Deliveries } from '../deliver/index.js'
import { keyIdOf } from '../deidentify/identity/index.js'
import { dutyAt } from '../duty/index.js'
import { createPushDesk, subscriptionsOf } from '../notify/index.js'
import type { PushDesk } from '../notify/index.js'
import { DOCUMENT_TYPES, inspectDocument } from '../receive/inspect/index.js'
import { openChannels } from './channels.js'
import { createReply } from '../reply.js'
import type { Reply } from '../reply.js'
import { createNight } from './night.js'
import type { Night } from './night.js'
import {
  isKeyPacketFor,
  isSealedTo,
  newEnvelope,
  sealBytes,
  sealedMessage,
  sealMessage,
} from '../seal/index.js'
import { receivedPacket } from '../seal/received/index.js'
import { createTextSigner } from '../seal/keys/index.js'
import { createTransfers, MemoryBudget } from '../transfer/index.js'
import type { Transfers } from '../transfer/index.js'
import type { Ground } from './ground.js'
import type { RecordRooms } from './records.js'
import { expectSender } from './senders.js'

/**
 * Plaintext of originals that may wait in memory for a verdict, over all uploads together. Beyond
 * this, an original is sealed to the facility first.
 */
const ORIGINALS_BYTES = 8 << 20

export interface ReadingRooms extends Night {
  readonly transfers: Transfers
  readonly deliveries: Deliveries
  readonly reply: Reply
  readonly push: PushDesk
}

export async function openReading(ground: Ground, records: RecordRooms): Promise<ReadingRooms> {
  const { site, state, ledger, secret, keys, origin, now } = ground
  const { config } = site
  const { directory } = records
  const night = createNight({
    ...{ config, state, ledger, directory, origin, secret, now },
    verifyDetached: keys.verifyDetached,
    isSealedTo: (message, recipient) => isSealedTo(message, recipient, new Date(now())),
    sealTo: async (id, content) => {
      const certificate = directory.principal(id)?.certificate ?? ''
      return sealBytes(content, await keys.toRecipient(id, certificate), new Date(now()))
    },
    // Cases and transfers depend on each other, so this refers to `transfers` lazily.
    holdTransfers: (tx, ids, holder) => transfers.claims.hold(tx, ids, holder),
    countOutcomes: (ids) => transfers.countOutcomes(ids),
    hasUnopened: (tx, ids) => transfers.hasUnopened(tx, ids),
    isAnyArriving: (tx, ids) => transfers.expiry.isAnyArriving(tx, ids),
    senders: await openChannels(config, state, secret, now),
    hasPush: async (tx, person) => (await subscriptionsOf(tx, person)).length > 0,
  })
  const transfers: Transfers = openTransfers(ground, records, night)
  return {
    ...night,
    transfers,
    deliveries: openDeliveries(ground, directory, night, transfers),
    reply: openReply(ground, directory, night),
    push: createPushDesk({ state, config: config.notify.push, secret, now }),
  }
}

function openTransfers(
  { site, state, ledger, store, guard, gatewayKey, keys, edge, logger, now }: Ground,
  { directory, certificates, facilityKeys, gatewayKeys }: RecordRooms,
  { cases }: Pick<Night, 'cases'>,
): Transfers {
  const { limits, gateway } = site.config
  const sign = createTextSigner(gatewayKey)
  return createTransfers({
    ...{ cases, state, ledger, guard, store, directory, facilityKeys, gatewayKeys, keyIdOf },
    ...{ gateway: gateway.name, limits, budget: new MemoryBudget(ORIGINALS_BYTES), logger, now },
    sealsFor: edge && {
      gateway: edge.gateway,
      edge: edge.id,
      fingerprint: gatewayKey.fingerprint,
    },
    expectSender: (tx, sender) =>
      expectSender({ directory, certificates, state, ledger }, sender, tx),
    newEnvelope: async (group) =>
      newEnvelope(await directory.sealingRecipientsOf(group), new Date(now())),
    sealSigned: (envelope, content) => envelope.sealSigned(content, gatewayKey, new Date(now())),
    sealerTo: async (facility) => {
      const recipient = await directory.facilityRecipient(facility)
      return (content) => sealMessage(content, recipient, new Date(now()))
    },
    envelopeTo: async (facility) =>
      newEnvelope([await directory.facilityRecipient(facility)], new Date(now())),
    sealedMessage,
    sign: (text) => sign(text, new Date(now())),
    verifyDetached: keys.verifyDetached,
    isKeyPacketFor: (packet, format, recipient) =>
      isKeyPacketFor(packet, format, recipient, new Date(now())),
    receivedPacket,
    fingerprintOf: async (certificate) => (await keys.inspect(certificate)).fingerprint,
    certificateEvent: async (principal, fingerprint) => {
      await guard.history.follow()
      const named = guard.history.certificate(principal)
      return named?.fingerprint === fingerprint ? named.index : undefined
    },
    inspectDocument: (bytes, { facility, mediaType, waived }) =>
      inspectDocument(bytes, mediaType, {
        types: facility.documentTypes ?? DOCUMENT_TYPES,
        scanner: site.config.scanner,
        waived,
      }),
  })
}

const openDeliveries = (
  { site, state, ledger, store, keys, now }: Ground,
  directory: RecordRooms['directory'],
  { cases }: Pick<Night, 'cases'>,
  transfers: Transfers,
): Deliveries =>
  createDeliveries({
    ...{ cases, state, ledger, store, transfers, directory, dutyAt, now },
    gateway: site.config.gateway.name,
    closesCases: site.config.cases.closeOn === 'acknowledged',
    verifyDetached: keys.verifyDetached,
    isKeyPacketFor: (packet, format, recipient) =>
      isKeyPacketFor(packet, format, recipient, new Date(now())),
  })

const openReply = (
  { site, state, ledger, store, keys, now }: Ground,
  directory: RecordRooms['directory'],
  { cases }: Pick<Night, 'cases'>,
): Reply =>
  createReply({
    ...{ state, ledger, store, directory, cases, sealedMessage, now },
    gateway: site.config.gateway.name,
    verifyDetached: keys.verifyDetached,
    isSealedTo: (message, recipient) => isSealedTo(message, recipient, new Date(now())),
  })
