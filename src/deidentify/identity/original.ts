/** Who a patient is at the facility. */

/**
 * Who a patient is at the facility; kept in memory, and sealed to the facility in the crosswalk.
 */
export interface OriginalIdentity {
  readonly patientId: string
  readonly issuer: string
  readonly patientName: string
  readonly birthDate: string
}
