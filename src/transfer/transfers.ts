import type { Actor } from '../ledger/log/index.js'
import type { Envelope } from '../seal/index.js'
import type { Tx } from '../state/index.js'
import type { QuarantineTable } from '../state/tables/index.js'
import type { UploadTarget } from './begin.js'
import { acknowledgeTransfer, holdTransfers } from './claims.js'
import { countOutcomes, hasUnopened } from './outcomes.js'
import type { OutcomeCount } from './outcomes.js'
import { openArrivals } from './arrival/studies.js'
import type { OpenArrival, StudyKey } from './arrival/studies.js'
import { requisitionsOf } from './arrival/requisitions.js'
import type { Requisitions } from './arrival/requisitions.js'
import { waitingOf } from './arrival/waiting.js'
import type { Waiting } from './arrival/waiting.js'
import { abandonEmpty, completeTransfer } from './complete.js'
import type { Closable, CompletedTransfer } from './complete.js'
import type { CrosswalksAnswer, QuarantineAnswer } from '../protocol/http/facility.js'
import { listCrosswalks, readCrosswalk, sizeOfCrosswalk } from './crosswalks.js'
import type { CrosswalkRange } from './crosswalks.js'
import {
  expireContents,
  expireCrosswalks,
  expireHeld,
  heldSince,
  isAnyArriving,
  namedObjects,
  sizeOfContents,
} from './stored/expiry.js'
import { availableTransfers, findTransfer, pageOfTransfers, sealedTo, tiesOf } from './find.js'
import type { Ties, Transfer, TransferScope } from './find.js'
import { storedContent, storedContents } from './stored/contents.js'
import type { StoredContent } from './stored/contents.js'
import {
  addKeyPackets,
  keyPacketFor,
  keyPackets,
  manifestOpened,
  openableBy,
  proveKeyPackets,
  removeKeyPackets,
} from './stored/key-packets.js'
import type { AddedPackets, KeyPacketRow, OpenableTransfer } from './stored/key-packets.js'
import { manifestKeys } from './stored/manifest-keys.js'
import type { ManifestKey } from './stored/manifest-keys.js'
import { findDeposits } from './arrival/deposits.js'
import type { Deposit, InstanceReference } from './arrival/deposits.js'
import { discardHeld, discardSigned } from './quarantine/discard.js'
import type { Discarded } from './quarantine/discard.js'
import { findHeld, listQuarantine, readHeld } from './quarantine/held.js'
import type { QuarantineRange } from './quarantine/held.js'
import { checkRelease, checkReleases } from './quarantine/release.js'
import type { QuarantineRelease } from './quarantine/release.js'
import type { SignedStatement } from './quarantine/signed.js'
import { Leases } from './lease.js'
import { usedShares } from './quota.js'
import type { TransferRooms } from './rooms.js'
import type { SealedObject } from './sealed-object.js'
import type { SealedAnswer, SealerAnswer } from '../protocol/sealing/http.js'
import { beginSealed } from './sealed/begin.js'
import type { SealedSender } from './sealed/begin.js'
import type { SealingAsker } from './sealed/check.js'
import { completeSealed } from './sealed/complete.js'
import { countEdges } from './sealed/edges.js'
import type { EdgeCounts } from './sealed/edges.js'
import { describeSealed, handedOver, waitingTransfers } from './sealed/hand-over.js'
import type { HandOver, Identity } from './sealed/hand-over.js'
import { sealerOf } from './sealed/sealer.js'
import { spooled } from './sealed/spool.js'
import type { SpoolView } from './sealed/spool.js'
import { takeSealed } from './sealed/take.js'
import { tellSealing } from './sealed/tell.js'
import type { SealingAbout } from './sealed/tell.js'
import { sweep } from './sweep.js'
import type { OpenGathering } from './upload/gathering.js'
import { openGathering } from './upload/open-gathering.js'
import { findUpload } from './upload/keys.js'
import type { KnownUpload } from './upload/keys.js'
import { openUpload } from './upload/open-upload.js'
import type { OpenUpload } from './upload/open-upload.js'
import { viewsOf } from './views.js'
import type { TransferView } from './views.js'
import type { DiscardReason } from '../protocol/discard-statement.js'

export interface Transfers {
  /** Undefined also while its first request is still in progress, when nobody may see it yet. */
  find(id: string): Promise<Transfer | undefined>
  /** Newest first. */
  page(
    scope: TransferScope,
    page: { readonly start: string | undefined; readonly limit: number },
  ): Promise<{ readonly transfers: readonly Transfer[]; readonly next: string | undefined }>
  /** Available transfers of the groups, oldest first. */
  available(groups: readonly string[], limit: number): Promise<Transfer[]>
  /** Share of its daily quota that each facility has used, by ID; 1 is all of it. */
  usedShares(): Promise<ReadonlyMap<string, number>>
  views(transfers: readonly Transfer[]): Promise<TransferView[]>
  tiesOf(transfer: Transfer): Promise<Ties>
  /** IDs of all principals that any of the transfers is sealed to. */
  recipientsOf(transfers: readonly string[]): Promise<readonly string[]>
  /** The first of the transfers whose manifest is sealed to the reader. */
  openableBy(reader: string, transfers: readonly string[]): Promise<OpenableTransfer | undefined>
  /** To which certificates the manifests of the transfers are sealed. */
  manifestKeys(transfers: readonly string[]): Promise<readonly ManifestKey[]>
  /** After a reader has proved that they opened the manifest. */
  opened(reader: string, transfer: string): Promise<void>

  /**
   * When it resolves, "transfer begun" is durable.
   * @throws NocturneError `recipient_unusable`, `transfer_not_open`, `ledger_unavailable`
   */
  begin(
    target: UploadTarget,
    envelope: Pick<Envelope, 'format' | 'keyPackets' | 'proofKey'>,
  ): Promise<OpenUpload>
  /** The outcome of the upload with this client-made key. */
  upload(facility: string, key: string): Promise<KnownUpload | undefined>
  /**
   * Adds to the study's open transfer, or opens a new one.
   * @throws NocturneError as `begin`
   */
  gather(
    target: UploadTarget,
    envelope: Pick<Envelope, 'format' | 'keyPackets' | 'proofKey'>,
    study: StudyKey,
  ): Promise<OpenGathering>
  /** Studies whose transfers are open, on any gateway. */
  arrivals(): Promise<readonly OpenArrival[]>
  readonly waiting: Waiting
  readonly requisitions: Requisitions
  /** Which of these instances the facility has deposited, in the order asked. */
  deposits(facility: string, references: readonly InstanceReference[]): Promise<readonly Deposit[]>
  /**
   * Ends an open transfer in which nothing was accepted.
   * @throws NocturneError `transfer_not_open`, `too_busy`
   */
  abandonEmpty(actor: Actor, transfer: Closable): Promise<void>
  /**
   * @throws NocturneError `gateway_key_unfit`, `transfer_not_open`, `transfer_empty`,
   *   `recipient_unusable`; `too_busy` while another gateway is adding to it. The transfer then
   *   stays open.
   */
  complete(actor: Actor, transfer: Closable): Promise<CompletedTransfer>
  /**
   * Removes unfinished envelopes whose lease expired before this time (milliseconds since 1970).
   * Returns how many.
   */
  sweep(leasedBefore: number): Promise<number>

  /** Transfers that an edge seals at its facility. */
  readonly sealed: {
    /** @throws NocturneError `edge_unknown`, `recipient_unusable` */
    tell(asker: SealingAsker): Promise<SealingAbout>
    /** @throws NocturneError as `beginSealed` */
    begin(sender: SealedSender, signed: SignedStatement): Promise<SealedAnswer>
    /** @throws NocturneError as `takeSealed` */
    take(
      sender: SealedSender,
      packet: Parameters<typeof takeSealed>[2],
    ): ReturnType<typeof takeSealed>
    /** @throws NocturneError as `completeSealed` */
    complete(sender: SealedSender, transfer: string): Promise<CompletedTransfer>
    /** @throws NocturneError `not_found` */
    sealer(transfer: string): Promise<SealerAnswer>
    /** At an edge: what the gateway has not taken over, oldest first. */
    waiting(limit: number): Promise<readonly Transfer[]>
    /** @throws NocturneError as `describeSealed` */
    describe(transfer: Transfer, as: Identity, joins: string | undefined): Promise<HandOver>
    handedOver(transfer: Transfer, as: Identity, statement: string): Promise<void>
    /** By principal ID of the edge. */
    edges(): Promise<ReadonlyMap<string, EdgeCounts>>
    /** At an edge: what waits for the gateway. */
    spool(): Promise<SpoolView>
  }

  /** How many parts of each of the transfers had each outcome. */
  countOutcomes(transfers: readonly string[]): Promise<readonly OutcomeCount[]>
  /** Whether a reader has still to open any of the transfers. */
  hasUnopened(tx: Tx, transfers: readonly string[]): Promise<boolean>
  readonly claims: {
    /** Marks them as held by the holder of their case; undefined when nobody holds it. */
    hold(
      tx: Tx,
      transfers: readonly string[],
      holder: { readonly id: string; readonly at: number } | undefined,
    ): Promise<void>
    /** @throws NocturneError `already_claimed`, `transfer_not_available` */
    acknowledge(tx: Tx, transfer: string, reader: string, at: number): Promise<void>
  }

  readonly contents: {
    /**
     * The accepted items, preceded by the manifest as number 0; empty while there is no manifest.
     */
    all(transfer: Transfer): Promise<StoredContent[]>
    one(transfer: Transfer, index: number): Promise<StoredContent | undefined>
    /** @throws NocturneError `transfer_not_available` */
    keyPackets(transfer: Transfer): Promise<KeyPacketRow[]>
    keyPacketFor(
      envelope: string,
      recipient: string,
    ): Promise<Pick<KeyPacketRow, 'packet' | 'fingerprint'> | undefined>
    /** Adds them as unproven; those known to open stay. */
    addKeyPackets(tx: Tx, added: AddedPackets): Promise<void>
    removeKeyPackets(
      tx: Tx,
      recipient: string,
      envelopes: Iterable<string>,
      which: 'all' | 'unproven',
    ): Promise<void>
    /** Marks added packets as proven, once their recipient has shown that they open. */
    proveKeyPackets(
      tx: Tx,
      opened: { readonly recipient: string; readonly transfer: string; readonly at: number },
      which: 'all' | 'manifest',
    ): Promise<void>
  }

  /** Items held for a facility. */
  readonly quarantine: {
    list(facility: string, range: QuarantineRange): Promise<QuarantineAnswer>
    /** @throws NocturneError `not_found` */
    find(transfer: Transfer, item: number): Promise<QuarantineTable>
    /** @throws NocturneError `quarantine_not_held` */
    read(actor: Actor, held: QuarantineTable): Promise<SealedObject>
    /**
     * Without a signature; refused if the facility names the people who may decide.
     * @throws NocturneError `quarantine_not_held`, `discard_invalid`
     */
    discard(actor: Actor, held: QuarantineTable, reason: DiscardReason): Promise<Discarded>
    /**
     * Several items of the transfer's facility and group: all of them or none.
     * @throws NocturneError as `discard`, `recipient_unusable`, `not_found`
     */
    discardSigned(
      actor: Actor,
      transfer: { readonly facility: string; readonly group: string },
      signed: SignedStatement,
    ): Promise<Discarded>
    /**
     * @throws NocturneError `quarantine_not_held`, `not_waivable`, `release_invalid`,
     * `recipient_unusable`
     */
    checkRelease(held: QuarantineTable, signed: SignedStatement): Promise<QuarantineRelease>
    /**
     * For several items of the transfer's facility and group.
     * @throws NocturneError as `checkRelease`, and `not_found`
     */
    checkReleases(
      transfer: { readonly facility: string; readonly group: string },
      signed: SignedStatement,
    ): Promise<QuarantineRelease>
  }

  /** Removal under the retention of the site; the caller deletes the objects afterwards. */
  readonly expiry: {
    readonly isAnyArriving: typeof isAnyArriving
    sizeOf(transfers: readonly string[]): ReturnType<typeof sizeOfContents>
    readonly contents: typeof expireContents
    readonly crosswalks: typeof expireCrosswalks
    heldSince(page: Parameters<typeof heldSince>[1]): ReturnType<typeof heldSince>
    readonly held: typeof expireHeld
    namedBy(transfer: string): ReturnType<typeof namedObjects>
  }

  readonly crosswalks: {
    list(facility: string, range: CrosswalkRange): Promise<CrosswalksAnswer>
    /**
     * @throws NocturneError `not_found`, also for another facility's crosswalk
     */
    read(actor: Actor, facility: string, id: string): Promise<SealedObject>
    /**
     * Size of the message in bytes; records no event.
     * @throws NocturneError `not_found`
     */
    size(facility: string, id: string): Promise<number>
  }
}

export function createTransfers(given: Omit<TransferRooms, 'leases'>): Transfers {
  const rooms = { ...given, leases: new Leases() }
  const { state } = rooms
  return {
    find: (id) => findTransfer(state, id),
    page: (scope, page) => pageOfTransfers(state, scope, page),
    available: (groups, limit) => availableTransfers(state, groups, limit),
    views: (transfers) => viewsOf(state.db, transfers),
    tiesOf: (transfer) => tiesOf(state, transfer),
    recipientsOf: (all) => sealedTo(state.db, all),
    openableBy: (reader, all) => openableBy(state, reader, all),
    manifestKeys: (all) => manifestKeys(state, all),
    opened: (reader, transfer) => manifestOpened(rooms, reader, transfer),
    begin: (target, envelope) => openUpload(rooms, target, envelope),
    upload: (facility, key) => findUpload(state.db, facility, key),
    gather: (target, envelope, study) => openGathering(rooms, target, envelope, study),
    arrivals: () => openArrivals(state.db),
    waiting: waitingOf(rooms),
    requisitions: requisitionsOf(rooms),
    deposits: (facility, references) => findDeposits(rooms, facility, references),
    abandonEmpty: (actor, transfer) => abandonEmpty(rooms, actor, transfer),
    complete: (actor, transfer) => completeTransfer(rooms, actor, transfer),
    sweep: (leasedBefore) => sweep(rooms, leasedBefore),
    sealed: sealedOf(rooms),
    claims: { hold: holdTransfers, acknowledge: acknowledgeTransfer },
    countOutcomes: (all) => countOutcomes(state.db, all),
    usedShares: () => usedShares(rooms),
    hasUnopened,
    contents: {
      all: (transfer) => storedContents(state, transfer),
      one: (transfer, index) => storedContent(state, transfer, index),
      keyPackets: (transfer) => keyPackets(state, transfer),
      keyPacketFor: (envelope, recipient) => keyPacketFor(state, envelope, recipient),
      addKeyPackets,
      removeKeyPackets,
      proveKeyPackets,
    },
    quarantine: {
      list: (facility, range) => listQuarantine(rooms, facility, range),
      find: (transfer, item) => findHeld(rooms, transfer, item),
      read: (actor, held) => readHeld(rooms, actor, held),
      discard: (actor, held, reason) => discardHeld(rooms, actor, held, reason),
      discardSigned: (actor, transfer, signed) => discardSigned(rooms, actor, transfer, signed),
      checkRelease: (held, signed) => checkRelease(rooms, held, signed),
      checkReleases: (transfer, signed) => checkReleases(rooms, transfer, signed),
    },
    expiry: {
      isAnyArriving,
      sizeOf: (all) => sizeOfContents(state.db, all),
      contents: expireContents,
      crosswalks: expireCrosswalks,
      heldSince: (page) => heldSince(state.db, page),
      held: expireHeld,
      namedBy: (transfer) => namedObjects(state.db, transfer),
    },
    crosswalks: crosswalksOf(rooms),
  }
}

const sealedOf = (rooms: TransferRooms): Transfers['sealed'] => ({
  tell: (asker) => tellSealing(rooms, asker),
  begin: (sender, signed) => beginSealed(rooms, sender, signed),
  take: (sender, packet) => takeSealed(rooms, sender, packet),
  complete: (sender, transfer) => completeSealed(rooms, sender, transfer),
  sealer: (transfer) => sealerOf(rooms, transfer),
  waiting: (limit) => waitingTransfers(rooms, limit),
  describe: (transfer, as, joins) => describeSealed(rooms, transfer, as, joins),
  handedOver: (transfer, as, statement) => handedOver(rooms, transfer, as, statement),
  spool: () => spooled(rooms),
  edges: () => countEdges(rooms),
})

const crosswalksOf = (rooms: TransferRooms): Transfers['crosswalks'] => ({
  list: (facility, range) => listCrosswalks(rooms, facility, range),
  read: (actor, facility, id) => readCrosswalk(rooms, actor, facility, id),
  size: (facility, id) => sizeOfCrosswalk(rooms, facility, id),
})
