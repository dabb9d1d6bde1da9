/** From what an officer types to what the ledger holds. */
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
 * The handles that a patient of the facility has: one for each generation of its secret, or where
 * its profile links no further than a transfer, one in each transfer, of which those that the
 * ledger knows are answered.
 *
 * @throws NocturneError `not_found` for a facility that there is not
 */
export async function patientHandles(
  { site, state }: PatientRooms,
  facility: string,
  patient: PatientName,
): Promise<readonly string[]> {
  const known = site.config.facilities.find(({ id }) => id === facility)
  const secret = site.secrets.facilities.get(facility)
  if (!known || !secret) throw new NocturneError('not_found')
  // Events of earlier years name the patient by the secret of their time.
  const secrets = [secret, ...(site.secrets.retired?.get(facility) ?? [])]
  // A profile may have been another one before, so the facility's own handle is asked for as well.
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
