/** What one upload works with, the same for every item of it. */
import type { FacilityConfig, Limits } from '../config/index.js'
import { deidentify, keyIdOf } from '../deidentify/index.js'
import type { DeidentifiedInstance } from '../deidentify/index.js'
import { NocturneError } from '../lib/errors.js'
import { rawDeflate } from '../lib/raw-deflate.js'
import type { Logger } from '../lib/logger.js'
import { randomName } from '../lib/ids.js'
import type { ReceivedInstance } from '../receive/index.js'
import type { Rooms } from '../rooms.js'
import { sealMessage, signDetached } from '../seal/index.js'
import type { ObjectStore } from '../store/index.js'
import type { UploadTarget } from './begin.js'
import { CrosswalkWriter } from './crosswalk.js'
import type { MemoryBudget } from './original.js'
import type { KeepSealed } from './spool.js'
import { originalDigest } from './release.js'
import type { Release } from './release.js'
import { pseudonymsOf } from './pseudonyms.js'

export interface UploadContext {
  readonly facility: FacilityConfig
  readonly limits: Limits
  readonly store: ObjectStore
  readonly logger: Logger
  readonly budget: MemoryBudget
  /** Under the facility's profile and secret, with the pseudonyms of its patients. */
  readonly deidentify: (instance: ReceivedInstance) => Promise<DeidentifiedInstance>
  readonly keepSealed: KeepSealed
  readonly crosswalk: CrosswalkWriter
  /** Keyed, of the SHA-256 of an original. */
  readonly originalDigest: (sha256: string) => string
  /** The request brings one original back out of quarantine. */
  readonly release: Release | undefined
  /** A random name under the envelope's prefix, where the sweep finds what a crash leaves behind. */
  readonly newObjectKey: () => string
}

/** @throws NocturneError `recipient_unusable` when the facility's own certificate cannot be used. */
export async function uploadContext(
  rooms: Rooms,
  target: UploadTarget,
  transfer: string,
  envelope: string,
): Promise<UploadContext> {
  const facility = rooms.directory.facility(target.facility)
  const [secret] = rooms.facilityKeys.secretsOf(target.facility)
  if (!facility) throw new NocturneError('site_invalid', { subject: target.facility })
  const recipient = await rooms.directory.facilityRecipient(facility.id)
  const newObjectKey = () => `t/${transfer}/${envelope}/${randomName()}`
  const keepSealed: KeepSealed = async (bytes) =>
    rooms.store.put(newObjectKey(), await sealMessage(bytes, recipient, new Date(rooms.now())))
  const { profile } = facility
  const crosswalkHead = {
    gateway: rooms.site.config.gateway.name,
    facility: facility.id,
    transfer,
    envelope,
    key: keyIdOf(secret),
    profile: `${profile.name}/${profile.version}`,
    createdAt: new Date(rooms.now()).toISOString(),
  }
  const deidentifyContext = {
    profile,
    secret,
    transfer,
    pseudonymOf: pseudonymsOf(rooms, target),
    headerBytes: rooms.site.config.limits.headerBytes,
    rawDeflate,
    textDetector: rooms.textDetector,
    encryptedAttributes: facility.encryptedAttributes,
    ...(target.release && { waived: target.release.waived }),
  }
  return {
    facility,
    limits: rooms.site.config.limits,
    store: rooms.store,
    logger: rooms.logger,
    budget: rooms.budget,
    deidentify: (instance) => deidentify(instance, deidentifyContext),
    keepSealed,
    crosswalk: new CrosswalkWriter(
      crosswalkHead,
      keepSealed,
      (text) => signDetached(text, rooms.gatewayKey, new Date(rooms.now())),
      rooms.now,
    ),
    originalDigest: (sha256) => originalDigest(secret, sha256),
    release: target.release,
    newObjectKey,
  }
}
