/**
 * The keyed handle of a patient given by ID, equal to the handle of an instance with the same ID.
 */
import type { Profile } from '../rules/profile.js'
import { handleOf } from './identity.js'
import { keyedDigest } from './keys.js'

export interface PatientName {
  /** Patient ID (0010,0020) as used by the facility. */
  readonly patientId: string
  /** Issuer of Patient ID (0010,0021), or empty. */
  readonly issuer: string
}

/** Whether a patient has a different handle in each transfer. */
export const isHandledByTransfer = ({ links }: Profile): boolean => links === 'transfer'

/**
 * @param secret the facility's secret, 32 bytes.
 * @param transfer required if the profile links studies only within a transfer.
 */
export function patientHandle(secret: Buffer, patient: PatientName, transfer?: string): string {
  const scope = transfer === undefined ? '' : ` transfer ${transfer}`
  const original = { ...patient, patientName: '', birthDate: '' }
  const identity = { original, studyInstanceUID: '' }
  return handleOf(identity, keyedDigest(secret, `patient${scope}`)).handle
}
