/** One upload from begin to end, with everything kept of it until the commit. */
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import { newId, randomName } from '../../lib/ids.js'
import type { Pseudonym } from '../../deidentify/index.js'
import type { ReceivedItem } from '../../receive/index.js'
import type { Envelope } from '../../seal/index.js'
import { beginEnvelope } from '../begin.js'
import type { BegunEnvelope, UploadTarget } from '../begin.js'
import { commitEnvelope } from '../commit.js'
import { pseudonymsOf } from '../pseudonyms.js'
import { originalDigest } from '../quarantine/release.js'
import type { TransferRooms } from '../rooms.js'
import { abandonEnvelope } from '../sweep.js'
import type { UploadAnswer } from './answers.js'
import { CrosswalkWriter } from './crosswalk.js'
import type { Crosswalk, CrosswalkAbout } from './crosswalk.js'
import { Flight } from './flight.js'
import { isSealedAlike } from './judge.js'
import { Original } from './original.js'
import { settle } from './settle.js'
import type { Clear, SettleContext } from './settle.js'
import type { KeepSealed } from './spool.js'

export interface UploadContext extends SettleContext {
  readonly crosswalk: Crosswalk
  readonly crosswalkAbout: CrosswalkAbout
}

export interface OpenUpload {
  readonly transfer: string
  /** Finds or makes the code and date shift of a patient of the facility. */
  readonly pseudonymOf: (handle: string) => Promise<Pseudonym>
  /** A random key under the envelope's prefix, where the sweep finds what a crash leaves behind. */
  newObjectKey(): string
  /**
   * Passes one item of a part (numbered from 1) through `clear` to the store. Resolves when its
   * bytes have been read; storing it may still be in progress.
   *
   * @throws NocturneError for faults that concern the whole request
   */
  carry(part: number, item: ReceivedItem, clear: Clear): Promise<void>
  /**
   * @throws NocturneError `no_files`, `transfer_too_large`, `transfer_not_open`; store and ledger
   *   errors
   */
  commit(options: { readonly complete: boolean }): Promise<UploadAnswer>
  /**
   * Leaves nothing behind but the event that records it. Never throws: anything that fails here is
   * done by the sweep later.
   */
  abandon(cause: unknown): Promise<void>
}

/**
 * Checks the facility's own certificate, then makes "transfer begun" durable.
 *
 * @throws NocturneError `site_invalid`, `recipient_unusable`, `transfer_not_open`,
 *   `ledger_unavailable`
 */
export async function openUpload(
  rooms: TransferRooms,
  target: UploadTarget,
  envelope: Pick<Envelope, 'format' | 'keyPackets' | 'proofKey'>,
): Promise<OpenUpload> {
  const transfer = target.transfer ?? newId(rooms.now())
  const id = newId(rooms.now())
  const newObjectKey = () => `t/${transfer}/${id}/${randomName()}`
  const context = await settleContext(rooms, target, { transfer, id, newObjectKey })
  const begun = await beginEnvelope(rooms, target, { transfer, id, format: envelope.format })
  const endLease = rooms.leases.hold(rooms, id)
  const flight = new Flight({ ...rooms.limits, ...before(begun) })
  const isHashed = target.release !== undefined || !isSealedAlike(rooms, target.facility)
  return {
    transfer,
    pseudonymOf: pseudonymsOf(rooms, target),
    newObjectKey,
    carry: async (part, item, clear) => {
      flight.expectRoom()
      // Items beyond those named in the release are not covered by its statement.
      const released = target.release?.items[flight.count]
      if (target.release && !released) throw new NocturneError('release_mismatch')
      const original = new Original(item.bytes, rooms.budget, context.keepSealed, { isHashed })
      await flight.follow(
        part,
        settle(item, original, { ...context, released }, clear),
        original.consumed,
      )
    },
    commit: async ({ complete }) => {
      const contents = {
        ...(await flight.land()),
        complete,
        crosswalk: await context.crosswalk.end(),
      }
      const answer = await commitEnvelope(rooms, begun, envelope, contents)
      endLease()
      return answer
    },
    abandon: async (cause) => {
      await flight.idle()
      await context.crosswalk.drop()
      endLease()
      await abandonEnvelope(rooms, begun, asNocturneError(cause).code)
    },
  }
}

const before = ({ itemsBefore, bytesBefore }: BegunEnvelope) => ({ itemsBefore, bytesBefore })

/**
 * What is needed to settle every item.
 * @throws NocturneError `recipient_unusable` when the facility's own certificate cannot be used
 */
export async function settleContext(
  rooms: TransferRooms,
  target: UploadTarget,
  place: { readonly transfer: string; readonly id: string; readonly newObjectKey: () => string },
): Promise<UploadContext> {
  const facility = rooms.directory.facility(target.facility)
  const [secret] = rooms.facilityKeys.secretsOf(target.facility)
  if (!facility) throw new NocturneError('site_invalid', { subject: target.facility })
  const seal = await rooms.sealerTo(facility.id)
  const keepSealed: KeepSealed = async (bytes) =>
    rooms.store.put(place.newObjectKey(), await seal(bytes))
  const profile = rooms.directory.profileOf(facility, target.profile)
  // A requisition is built from an allow-list and cleaned, unlike other documents.
  const documents = target.waits === 'requisition' ? 'pass' : facility.documents
  const head = {
    gateway: rooms.gateway,
    facility: facility.id,
    transfer: place.transfer,
    envelope: place.id,
    key: rooms.keyIdOf(secret),
    profile: `${profile.name}/${profile.version}`,
    createdAt: new Date(rooms.now()).toISOString(),
  }
  const crosswalkAbout: CrosswalkAbout = { head, sign: rooms.sign, now: rooms.now }
  return {
    documents,
    inspectDocument: (bytes, about) => rooms.inspectDocument(bytes, { ...about, facility }),
    store: rooms.store,
    logger: rooms.logger,
    keepSealed,
    crosswalk: new CrosswalkWriter(crosswalkAbout, keepSealed),
    crosswalkAbout,
    originalDigest: (sha256) => originalDigest(secret, sha256),
  }
}
