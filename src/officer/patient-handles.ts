/** Converts the patient ID that an officer types into the handles that the ledger contains. */
import type { Site } from '../config/index.js'
import type {
  isHandledByTransfer,
  patientHandle,
  PatientName,
} from '../deidentify/identity/index.js'
import { NocturneError } from '../lib/errors.js'

export type { PatientName } from '../deidentify/identity/index.js'

export interface PatientParts {
  readonly config: Pick<Site['config'], 'facilities'>
  readonly secrets: Pick<Site['secrets'], 'facilities' | 'retired'>
  readonly identity: {
    readonly isHandledByTransfer: typeof isHandledByTransfer
    readonly patientHandle: typeof patientHandle
  }
  /** Every pair of a transfer and a patient handle that the ledger contains for a facility. */
  readonly patientsByTransfer: (
    facility: string,
  ) => Promise<readonly { readonly transfer: string; readonly patient: string }[]>
}

/**
 * All handles of one patient of the facility: one per generation of the facility's secret. If its
 * profile links studies only within a transfer, one per transfer; those that occur in the ledger
 * are returned.
 *
 * @throws NocturneError `not_found` for an unknown facility.
 */
export async function patientHandles(
  { config, secrets, identity, patientsByTransfer }: PatientParts,
  facility: string,
  patient: PatientName,
): Promise<readonly string[]> {
  const known = config.facilities.find(({ id }) => id === facility)
  const secret = secrets.facilities.get(facility)
  if (!known || !secret) throw new NocturneError('not_found')
  // Events of earlier years identify the patient with the secret of that time.
  const all = [secret, ...(secrets.retired?.get(facility) ?? [])]
  // The profile may have been different in the past, so the facility-wide handle is looked up as
  // well.
  const own = all.map((one) => identity.patientHandle(one, patient))
  if (!identity.isHandledByTransfer(known.profile)) return own
  const ofTransfers = (await patientsByTransfer(facility))
    .filter(({ transfer, patient: handle }) =>
      all.some((one) => handle === identity.patientHandle(one, patient, transfer)),
    )
    .map(({ patient: handle }) => handle)
  return [...own, ...ofTransfers]
}
