/** The tables of `site/enrolment`. */
import type { PersonRole } from '../../protocol/roles.js'

export interface EnrolmentTables {
  invitations: InvitationTable
  enrolled: EnrolledTable
}

/** Who a person is to be; the same in both tables. */
export interface Appointment {
  principal: string
  role: PersonRole
  /** JSON array of group IDs, sorted. */
  groups: string
  /** Senders only. */
  facility: string | null
  email: string | null
}

export interface InvitationTable extends Appointment {
  id: string
  /** SHA-256 of the link's secret, hexadecimal; the secret itself is not stored. */
  secret: string
  created_at: number
  created_by: string
  expires_at: number
  /** Failed attempts; not covered by the MAC, since it protects nothing from the database. */
  tries: number
  state: 'open' | 'answered' | 'confirmed' | 'ended'
  /** Armored; what the person sent. */
  certificate: string | null
  fingerprint: string | null
  mac: string | null
}

/** A person in effect in addition to those in nocturne.yaml. */
export interface EnrolledTable extends Appointment {
  certificate: string
  fingerprint: string
  invitation: string
  since: number
  mac: string | null
}
