/**
 * The keyed handle of a patient given by ID, equal to the handle of an instance with the same ID.
 */
import type { Profile } from '../rules/profile.js'
import { handleOf, idHandleOf } from './identity.js'
import { keyedDigest } from './keys.js'

export interface PatientName {
  /** Patient ID (0010,0020) as used by the facility. */
  readonly patientId: string
  /** Issuer of Patient ID (0010,0021), or empty. */
  readonly issuer: string
}

/**
 * The keyed handle of an order of a patient, under which a requisition finds the study. The same in
 * every transfer.
 */
export const orderHandle = (secret: Buffer, accession: string, patientId: string): string =>
  keyedDigest(secret, 'order')
    .ofText(JSON.stringify([accession, patientId]))
    .toString('hex')

/** Whether a patient has a different handle in each transfer. */
export const isHandledByTransfer = ({ links }: Profile): boolean => links === 'transfer'

/**
 * @param secret the facility's secret, 32 bytes.
 * @param transfer required if the profile links studies only within a transfer.
 */
export function patientHandle(secret: Buffer, patient: PatientName, transfer?: string): string {
  const original = { ...patient, patientName: '', birthDate: '' }
  const identity = { original, studyInstanceUID: '' }
  return handleOf(identity, digestOf(secret, transfer)).handle
}

/**
 * The keyed handle of a Patient ID alone, under which events with any issuer are found.
 *
 * @param transfer as for `patientHandle`
 */
export const patientIdHandle = (secret: Buffer, patientId: string, transfer?: string): string =>
  idHandleOf(patientId, digestOf(secret, transfer))

const digestOf = (secret: Buffer, transfer: string | undefined) =>
  keyedDigest(secret, transfer === undefined ? 'patient' : `patient transfer ${transfer}`)
