/** What the transfer room depends on. */
import type { Cases } from '../cases/index.js'
import type { FacilityConfig, Limits } from '../config/index.js'
import type { Directory } from '../directory/index.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import type { RowGuard } from '../ledger/rows/index.js'
import type { Code } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Content } from '../protocol/words.js'
import type { DataFormat, Envelope, SealedStream } from '../seal/index.js'
import type { Recipient } from '../seal/keys/index.js'
import type { FacilityKeys, GatewayKeys } from '../site/index.js'
import type { State, Tx } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { Leases } from './lease.js'
import type { MemoryBudget } from './upload/original.js'
import type { VerifyDetached } from '../seal/keys/index.js'

export interface TransferRooms {
  /** Name of the gateway, which manifests, crosswalks and release statements state. */
  readonly gateway: string
  /** At an edge: the gateway that its manifests are for, and the edge that signs them. */
  readonly sealsFor?:
    { readonly gateway: string; readonly edge: string; readonly fingerprint: string } | undefined
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record' | 'note' | 'proof' | 'query'>
  readonly guard: Pick<RowGuard, 'judged'>
  /** Adds an arriving transfer to its case, in the same transaction. */
  readonly cases: Pick<Cases, 'arrive' | 'ofTransfers' | 'raise'>
  readonly store: Pick<ObjectStore, 'put' | 'get' | 'delete' | 'list'>
  readonly directory: Pick<
    Directory,
    | 'facility'
    | 'facilityRecipient'
    | 'principal'
    | 'profileOf'
    | 'recipientsOf'
    | 'sealingRecipientsOf'
    | 'usableRecipientsOf'
    | 'group'
  >
  readonly facilityKeys: Pick<FacilityKeys, 'secretsOf'>
  readonly gatewayKeys: Pick<GatewayKeys, 'expectFit'>
  /**
   * Asked in the transaction of a commit, which nothing that was revoked before takes part in.
   * @throws NocturneError `unauthenticated`
   */
  readonly expectSender: (
    tx: Tx,
    sender: { readonly actor: Actor; readonly facility: string },
  ) => Promise<void>
  /** Returns the public ID of a facility's secret. */
  readonly keyIdOf: (secret: Buffer) => string
  /**
   * Makes an envelope to the current readers of the group. The caller closes it.
   * @throws NocturneError `recipient_unusable`
   */
  readonly newEnvelope: (group: string) => Promise<Envelope>
  /** Signs the content as the gateway and seals it in the envelope. */
  readonly sealSigned: (envelope: Envelope, content: Uint8Array) => Promise<SealedStream>
  /**
   * Returns a function that seals complete messages to the facility only.
   * @throws NocturneError `recipient_unusable` before anything is sealed
   */
  readonly sealerTo: (facility: string) => Promise<SealToFacility>
  /**
   * Makes an envelope to the facility only, for many small messages. The caller closes it.
   * @throws NocturneError `recipient_unusable`
   */
  readonly envelopeTo: (facility: string) => Promise<Envelope>
  /** Wraps a message sealed to a facility, and kept in the database since, for the store. */
  readonly sealedMessage: (message: Buffer) => SealedStream
  /** Makes an armored detached OpenPGP signature as the gateway. */
  readonly sign: (text: string) => Promise<string>
  /** Whether the signature of the text is valid for the certificate today. */
  readonly verifyDetached: VerifyDetached
  /** Examines a document under the facility's rules as it passes; see the receive room. */
  readonly inspectDocument: (
    bytes: AsyncIterable<Buffer>,
    about: {
      readonly facility: Pick<FacilityConfig, 'documentTypes'>
      readonly mediaType: string
      readonly waived: readonly Code[]
    },
  ) => AsyncIterable<Buffer>
  /** Whether this is one key packet, addressed to the recipient. */
  readonly isKeyPacketFor: (
    packet: Uint8Array,
    format: DataFormat,
    recipient: Recipient,
  ) => Promise<boolean>
  /**
   * Wraps a data packet that an edge sealed for the store, which keeps it only if it is this one.
   */
  readonly receivedPacket: (
    octets: AsyncIterable<Uint8Array>,
    expected: { readonly format: DataFormat } & Content,
  ) => SealedStream
  readonly fingerprintOf: (certificate: string) => Promise<string>
  /** Index of the event that put the principal's certificate into effect. */
  readonly certificateEvent: (principal: string, fingerprint: string) => Promise<number | undefined>
  readonly limits: Pick<Limits, 'transferItems' | 'transferBytes' | 'dailyBytes'>
  /** Shared by all uploads of the process. */
  readonly budget: MemoryBudget
  readonly leases: Leases
  readonly logger: Pick<Logger, 'warn' | 'error'>
  readonly now: () => number
}

export type SealToFacility = (content: AsyncIterable<Uint8Array>) => Promise<SealedStream>
