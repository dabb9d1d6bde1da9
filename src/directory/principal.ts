/** Principals, and the directory's queries about them. */
import type { FacilityConfig, GroupConfig } from '../config/index.js'
import type { Profile } from '../deidentify/rules/index.js'
import type { Role } from '../protocol/roles.js'
import type { Recipient } from '../seal/keys/index.js'

export interface Principal {
  readonly id: string
  readonly role: Role
  /** For senders: the facility for which they send. */
  readonly facility: string | undefined
  /** For readers: the groups for which they read. */
  readonly groups: readonly string[]
  /** Armored; used to sign in and to acknowledge. */
  readonly certificate: string
}

export interface Directory {
  principal(id: string): Principal | undefined
  /** Whether the owner has revoked the certificate: such a principal is let in nowhere. */
  isRevoked(principal: Pick<Principal, 'certificate'>): Promise<boolean>
  facility(id: string): FacilityConfig | undefined
  group(id: string): GroupConfig | undefined
  /**
   * The profile that an intake rule named, otherwise the facility's own.
   *
   * @throws NocturneError `site_invalid` for one that the configuration no longer has
   */
  profileOf(facility: FacilityConfig, named: string | undefined): Profile
  /**
   * The group's readers and the recovery certificate, in that order.
   *
   * @throws NocturneError `recipient_unusable` with the ID of the first one that the policy
   *   rejects.
   */
  recipientsOf(group: string): Promise<readonly Recipient[]>
  /**
   * Whom a study is sealed to now: as `recipientsOf`, or those of them whom the roster names, where
   * the site asks for that.
   *
   * @throws NocturneError `recipient_unusable`
   */
  sealingRecipientsOf(group: string): Promise<readonly Recipient[]>
  /**
   * Those that the policy accepts now. Used when adding recipients to an existing transfer, which a
   * single unusable certificate must not prevent.
   */
  usableRecipientsOf(group: string): Promise<readonly Recipient[]>
  /**
   * Everyone whom any of the facility's groups may be sealed to now: for a study whose group is not
   * known yet. A group none of whose certificates is usable is left out.
   *
   * @throws NocturneError `recipient_unusable` when no group has a usable reader
   */
  recipientsOfAny(groups: readonly string[]): Promise<readonly Recipient[]>
  /**
   * The facility's own certificate, for quarantine and the crosswalk.
   *
   * @throws NocturneError `recipient_unusable`
   */
  facilityRecipient(facility: string): Promise<Recipient>
  /**
   * The certificate of one person, for what is meant for them alone.
   *
   * @throws NocturneError `recipient_unusable`, also for a person who has left
   */
  recipient(id: string): Promise<Recipient>
  /**
   * Every certificate by principal ID (and `recovery`), from which the ledger records changes and
   * expiry warnings are made.
   */
  certificates(): Promise<readonly KnownCertificate[]>
}

export interface KnownCertificate {
  readonly principal: string
  readonly isRevoked: boolean
  readonly fingerprint: string
  /** Until when data can be sealed to it. */
  readonly usableUntil: Date | undefined
}
