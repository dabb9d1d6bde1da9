/**
 * The main path, a study out: receive -> deidentify -> seal -> store -> ledger.
 *
 * An Upload handles what one request brings: one envelope of a transfer. `begin` is durable before
 * any byte is processed; `take` produces only sealed objects that nobody can see; `commit` makes
 * all of it visible, with its events, in one transaction. A crash before that leaves an envelope
 * whose lease expires, and the sweep removes it.
 */
import type { Limits } from './config/index.js'
import { deidentify } from './deidentify/index.js'
import type { DeidentifiedInstance, DeidentifyContext, TextDetector } from './deidentify/index.js'
import type { Directory } from './directory/index.js'
import { NocturneError } from './lib/errors.js'
import { rawDeflate } from './lib/raw-deflate.js'
import { NO_GROUP } from './protocol/words.js'
import { receive } from './receive/index.js'
import type { Part } from './receive/index.js'
import { newEnvelope } from './seal/index.js'
import type { Envelope } from './seal/index.js'
import type { FacilityKeys, GatewayKeys } from './site/index.js'
import type { ObjectStore } from './store/index.js'
import type { Clear } from './transfer/index.js'
import type { Transfers, UploadAnswer, UploadTarget } from './transfer/index.js'

/** What the main path depends on. */
export interface PathRooms {
  readonly transfers: Pick<Transfers, 'begin'>
  readonly directory: Pick<Directory, 'facility' | 'profileOf' | 'sealingRecipientsOf'>
  readonly store: Pick<ObjectStore, 'put'>
  readonly facilityKeys: Pick<FacilityKeys, 'secretsOf' | 'expectInUse'>
  readonly gatewayKeys: Pick<GatewayKeys, 'expectFit'>
  readonly textDetector: TextDetector | undefined
  readonly limits: Limits
  /** @throws NocturneError `unauthenticated` when the token of the upload was revoked meanwhile */
  readonly expectAllowed: (sender: Pick<UploadTarget, 'actor' | 'facility'>) => Promise<void>
  readonly now: () => number
}

type OpenUpload = Awaited<ReturnType<Transfers['begin']>>

/**
 * How a door begins an upload.
 * @throws NocturneError as `Upload.begin`
 */
export type BeginUpload = (target: UploadTarget) => Promise<Upload>

/** The only way for an item to reach its readers. */
export const clearing =
  (
    rooms: Pick<PathRooms, 'store'>,
    envelope: Envelope,
    rules: DeidentifyContext,
    newKey: () => string,
  ): Clear =>
  async (item, bytes, waived, onWhole) => {
    const instance =
      item.kind === 'instance'
        ? await deidentify({ ...item, bytes }, { ...rules, waived })
        : undefined
    const content = instance && onWhole ? whole(instance, onWhole) : (instance?.bytes ?? bytes)
    const sealed = envelope.seal(content)
    const stored = await rooms.store.put(newKey(), sealed)
    return { instance, stored, digests: sealed.digests() }
  }

async function* whole(
  instance: DeidentifiedInstance,
  onWhole: (instance: DeidentifiedInstance) => void,
): AsyncGenerator<Uint8Array> {
  yield* instance.bytes
  onWhole(instance)
}

export class Upload {
  readonly #rooms: PathRooms
  readonly #open: OpenUpload
  readonly #envelope: Envelope
  readonly #clear: Clear
  readonly #sender: Pick<UploadTarget, 'actor' | 'facility'>
  #parts = 0

  private constructor(
    rooms: PathRooms,
    open: OpenUpload,
    envelope: Envelope,
    clear: Clear,
    sender: Pick<UploadTarget, 'actor' | 'facility'>,
  ) {
    this.#rooms = rooms
    this.#open = open
    this.#envelope = envelope
    this.#clear = clear
    this.#sender = sender
  }

  /**
   * Checks the gateway's own key and every certificate that the transfer will be sealed to, then
   * makes "transfer begun" durable.
   *
   * @throws NocturneError `gateway_key_unfit`, `unknown_group`, `study_waits`,
   *   `recipient_unusable`, `transfer_not_open`, `ledger_unavailable`
   */
  static async begin(rooms: PathRooms, target: UploadTarget): Promise<Upload> {
    if (target.group === NO_GROUP) throw new NocturneError('study_waits')
    await rooms.gatewayKeys.expectFit()
    const recipients = await rooms.directory.sealingRecipientsOf(target.group)
    const envelope = await newEnvelope(recipients, new Date(rooms.now()))
    await rooms.facilityKeys.expectInUse(target.facility)
    const open = await rooms.transfers.begin(target, envelope)
    const rules = rulesOf(rooms, target, open)
    const clear = clearing(rooms, envelope, rules, () => open.newObjectKey())
    return new Upload(rooms, open, envelope, clear, target)
  }

  get transfer(): string {
    return this.#open.transfer
  }

  /**
   * Resolves when the part has been read to its end; its items may still be on their way to the
   * store.
   */
  async take(part: Part): Promise<void> {
    this.#parts += 1
    for await (const item of receive(part, this.#rooms.limits))
      await this.#open.carry(this.#parts, item, this.#clear)
  }

  /**
   * Waits for the store, then makes everything visible, with its events, in one transaction.
   *
   * @throws NocturneError `no_files`, `transfer_too_large`; store and ledger errors
   */
  async commit(options: { readonly complete: boolean }): Promise<UploadAnswer> {
    await this.#rooms.expectAllowed(this.#sender)
    const answer = await this.#open.commit(options)
    this.#envelope.close()
    return answer
  }

  /**
   * Leaves nothing behind but the event that records it. Never throws: anything that fails here is
   * done by the sweep later.
   */
  async abandon(cause: unknown): Promise<void> {
    await this.#open.abandon(cause)
    this.#envelope.close()
  }
}

/** The facility's profile and secret, with the pseudonyms of its patients. */
export function rulesOf(
  rooms: Omit<PathRooms, 'transfers' | 'expectAllowed'>,
  target: UploadTarget,
  open: Pick<OpenUpload, 'transfer' | 'pseudonymOf'>,
): DeidentifyContext {
  const facility = rooms.directory.facility(target.facility)
  if (!facility) throw new NocturneError('site_invalid', { subject: target.facility })
  return {
    facility: facility.id,
    profile: rooms.directory.profileOf(facility, target.profile),
    secret: rooms.facilityKeys.secretsOf(facility.id)[0],
    transfer: open.transfer,
    pseudonymOf: open.pseudonymOf,
    headerBytes: rooms.limits.headerBytes,
    rawDeflate,
    textDetector: rooms.textDetector,
    encryptedAttributes: facility.encryptedAttributes,
  }
}
