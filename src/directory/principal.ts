/** Principals, and what the directory answers about them. */
import type { FacilityConfig, GroupConfig } from '../config/index.js'
import type { Recipient } from '../seal/keys/index.js'

/** `recovery` is whoever holds the recovery key and signs in with it. */
export type Role = 'sender' | 'reader' | 'officer' | 'operator' | 'recovery'

export interface Principal {
  readonly id: string
  readonly role: Role
  /** Senders: the facility they send for. */
  readonly facility: string | undefined
  /** Readers: the groups they read for. */
  readonly groups: readonly string[]
  /** Armored; what they sign in and acknowledge with. */
  readonly certificate: string
}

export interface Directory {
  principal(id: string): Principal | undefined
  facility(id: string): FacilityConfig | undefined
  group(id: string): GroupConfig | undefined
  /**
   * The group's readers and the recovery certificate, in that order.
   * @throws NocturneError `recipient_unusable` with the id of the first one that the policy
   * refuses.
   */
  recipientsOf(group: string): Promise<readonly Recipient[]>
  /**
   * Those of them that the policy takes now: for what may be added to a transfer, which one bad
   * certificate must not stop.
   */
  usableRecipientsOf(group: string): Promise<readonly Recipient[]>
  /**
   * The facility's own certificate, for quarantine and the crosswalk.
   * @throws NocturneError `recipient_unusable`
   */
  facilityRecipient(facility: string): Promise<Recipient>
  /**
   * Every certificate by principal id (and `recovery`), for the ledger's record of changes and
   * warnings of expiry.
   */
  certificates(): Promise<readonly KnownCertificate[]>
}

export interface KnownCertificate {
  readonly principal: string
  readonly fingerprint: string
  /** Until when something can be sealed to it. */
  readonly usableUntil: Date | undefined
}
