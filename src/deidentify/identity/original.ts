/**
 * The patient's identity at the facility. Kept in memory, and sealed to the facility in the
 * crosswalk.
 */
export interface OriginalIdentity {
  readonly patientId: string
  readonly issuer: string
  readonly patientName: string
  readonly birthDate: string
}
