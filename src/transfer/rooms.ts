/** What the room of transfers works with. */
import type { Cases } from '../cases/index.js'
import type { Limits } from '../config/index.js'
import type { Directory } from '../directory/index.js'
import type { Ledger } from '../ledger/log/index.js'
import type { Logger } from '../lib/logger.js'
import type { Envelope, SealedStream } from '../seal/index.js'
import type { FacilityKeys, GatewayKeys } from '../site/index.js'
import type { State } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { MemoryBudget } from './upload/original.js'

export interface TransferRooms {
  /** The gateway's name, which manifests, crosswalks and release statements carry. */
  readonly gateway: string
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record' | 'note' | 'proof'>
  /** What arrives joins its case, in the same transaction. */
  readonly cases: Pick<Cases, 'arrive'>
  readonly store: Pick<ObjectStore, 'put' | 'get' | 'delete' | 'list'>
  readonly directory: Pick<Directory, 'facility' | 'facilityRecipient' | 'principal'>
  readonly facilityKeys: Pick<FacilityKeys, 'secretsOf'>
  readonly gatewayKeys: Pick<GatewayKeys, 'expectFit'>
  /** The public id of a facility's secret. */
  readonly keyIdOf: (secret: Buffer) => string
  /**
   * An envelope to the readers of the group as they are now, which its user closes.
   * @throws NocturneError `recipient_unusable`
   */
  readonly newEnvelope: (group: string) => Promise<Envelope>
  /** Signed as the gateway, inside the envelope. */
  readonly sealSigned: (envelope: Envelope, content: Uint8Array) => Promise<SealedStream>
  /**
   * What seals a whole message to the facility alone.
   * @throws NocturneError `recipient_unusable` before anything is sealed
   */
  readonly sealerTo: (facility: string) => Promise<SealToFacility>
  /** What such a sealer made and was kept in the database, for the store. */
  readonly sealedMessage: (message: Buffer) => SealedStream
  /** As the gateway: a detached OpenPGP signature, armored. */
  readonly sign: (text: string) => Promise<string>
  /** Whether it is a valid signature of the text by the certificate, today. */
  readonly verifyDetached: (
    text: string,
    signature: string,
    certificate: string,
  ) => Promise<boolean>
  readonly limits: Pick<Limits, 'transferItems' | 'transferBytes'>
  /** Of all uploads of the process together. */
  readonly budget: MemoryBudget
  readonly logger: Pick<Logger, 'warn' | 'error'>
  readonly now: () => number
}

export type SealToFacility = (content: AsyncIterable<Uint8Array>) => Promise<SealedStream>
