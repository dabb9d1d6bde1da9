/**
 * The keyed handle of a patient whom somebody names, as an instance that carries the same ID gets
 * it.
 */
import type { Profile } from '../rules/profile.js'
import { handleOf } from './identity.js'
import { keyedDigest } from './keys.js'

export interface PatientName {
  /** Patient ID (0010,0020) as the facility writes it. */
  readonly patientId: string
  /** Issuer of Patient ID (0010,0021), or empty. */
  readonly issuer: string
}

/** Whether the handle is another one in each transfer. */
export const isHandledByTransfer = ({ links }: Profile): boolean => links === 'transfer'

/**
 * @param secret - the facility's, 32 bytes.
 * @param transfer - needed where the profile links no further than a transfer.
 */
export function patientHandle(secret: Buffer, patient: PatientName, transfer?: string): string {
  const scope = transfer === undefined ? '' : ` transfer ${transfer}`
  const original = { ...patient, patientName: '', birthDate: '' }
  const identity = { original, studyInstanceUID: '' }
  return handleOf(identity, keyedDigest(secret, `patient${scope}`)).handle
}
