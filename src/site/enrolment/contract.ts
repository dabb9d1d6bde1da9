/** What enrolment needs, and what it takes and gives. */
import type { SiteConfig } from '../../config/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import type { RowGuard } from '../../ledger/rows/index.js'
import type { PersonRole } from '../../protocol/roles.js'
import type { CertificateReport, VerifyDetached } from '../../seal/keys/index.js'
import type { State } from '../../state/index.js'
import type { Roll } from './roll.js'

export interface InvitationParts {
  /** With the people in effect. */
  readonly config: Pick<SiteConfig, 'gateway' | 'people' | 'groups' | 'facilities' | 'directory'>
  readonly roll: Pick<Roll, 'refresh' | 'enrolled' | 'adopted' | 'isFiled'>
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record'>
  readonly guard: RowGuard
  readonly inspect: (
    certificate: string,
  ) => Promise<Pick<CertificateReport, 'fingerprint' | 'problems'>>
  /** Fingerprints of everybody's certificate in effect. */
  readonly fingerprints: () => Promise<readonly string[]>
  readonly verifyDetached: VerifyDetached
  readonly now: () => number
}

/** Whom an invitation makes a member of the site. */
export interface Invited {
  readonly principal: string
  readonly role: PersonRole
  /** Of a reader: at least one. */
  readonly groups: readonly string[]
  /** Of a sender. */
  readonly facility?: string
  /** To which notices are sent. */
  readonly email?: string
}

export interface InvitationView extends Invited {
  readonly id: string
  readonly state: 'open' | 'answered' | 'expired'
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly fingerprint?: string
}

/** What the bearer of a link shows. */
export interface Link {
  readonly invitation: string
  readonly secret: string
}

export interface Answer extends Link {
  /** Armored. */
  readonly certificate: string
  /** Armored, detached, of the statement in `protocol/joining`. */
  readonly signature: string
}
