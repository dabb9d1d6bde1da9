/** Converts the patient ID that an officer types into the handles that the ledger contains. */
import { isHandledByTransfer, patientHandle } from '../deidentify/identity/index.js'
import type { PatientName } from '../deidentify/identity/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Site } from '../config/index.js'
import type { State } from '../state/index.js'

export interface PatientRooms {
  readonly site: {
    readonly config: Pick<Site['config'], 'facilities'>
    readonly secrets: Pick<Site['secrets'], 'facilities' | 'retired'>
  }
  readonly state: Pick<State, 'db'>
}

/**
 * All handles of one patient of the facility: one per generation of the facility's secret. If its
 * profile links studies only within a transfer, one per transfer; those that occur in the ledger
 * are returned.
 *
 * @throws NocturneError `not_found` for an unknown facility.
 */
export async function patientHandles(
  { site, state }: PatientRooms,
  facility: string,
  patient: PatientName,
): Promise<readonly string[]> {
  const known = site.config.facilities.find(({ id }) => id === facility)
  const secret = site.secrets.facilities.get(facility)
  if (!known || !secret) throw new NocturneError('not_found')
  // Events of earlier years identify the patient with the secret of that time.
  const secrets = [secret, ...(site.secrets.retired?.get(facility) ?? [])]
  // The profile may have been different in the past, so the facility-wide handle is looked up as
  // well.
  const own = secrets.map((one) => patientHandle(one, patient))
  if (!isHandledByTransfer(known.profile)) return own
  const rows = await state.db
    .selectFrom('events')
    .select(['transfer', 'patient'])
    .distinct()
    .where('facility', '=', facility)
    .where('patient', 'is not', null)
    .where('transfer', 'is not', null)
    .execute()
  const ofTransfers = rows.flatMap(({ transfer, patient: handle }) => {
    if (transfer === null || handle === null) return []
    const isIt = secrets.some((one) => handle === patientHandle(one, patient, transfer))
    return isIt ? [handle] : []
  })
  return [...own, ...ofTransfers]
}
