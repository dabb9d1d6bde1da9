/** Which patients the events of a facility name, by their keyed handles. */
import type { Db } from '../../state/index.js'

export interface PatientInTransfer {
  readonly transfer: string
  readonly patient: string
  /** Keyed handle of the Patient ID alone, if an instance names an issuer. */
  readonly idHandle: string | undefined
}

/** More handles than one query may have parameters for are looked up in several. */
const HANDLES_AT_ONCE = 500

/**
 * Every pair of a transfer and a patient handle that a facility's events name.
 * @throws NocturneError `database_unavailable`
 */
export async function patientsByTransfer(
  db: Db,
  facility: string,
): Promise<readonly PatientInTransfer[]> {
  const rows = await db
    .selectFrom('events')
    .select((e) => ['transfer', 'patient', e.fn.max('id_handle').as('id_handle')])
    .groupBy(['transfer', 'patient'])
    .where('facility', '=', facility)
    .where('patient', 'is not', null)
    .where('transfer', 'is not', null)
    .execute()
  return rows.flatMap(({ transfer, patient, id_handle }) =>
    transfer === null || patient === null
      ? []
      : [{ transfer, patient, idHandle: id_handle ?? undefined }],
  )
}

/**
 * The patient handles of a facility whose Patient ID has one of these handles, under any issuer.
 * @throws NocturneError `database_unavailable`
 */
export const patientsWithId = (db: Db, facility: string, idHandles: readonly string[]) =>
  patientsWhere(db, 'id_handle', facility, idHandles)

/**
 * Those of these handles that a facility's events name.
 * @throws NocturneError `database_unavailable`
 */
export const occurringPatients = (db: Db, facility: string, handles: readonly string[]) =>
  patientsWhere(db, 'patient', facility, handles)

async function patientsWhere(
  db: Db,
  column: 'id_handle' | 'patient',
  facility: string,
  values: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (let at = 0; at < values.length; at += HANDLES_AT_ONCE)
    for (const { patient } of await db
      .selectFrom('events')
      .select('patient')
      .distinct()
      .where(column, 'in', values.slice(at, at + HANDLES_AT_ONCE))
      .where('facility', '=', facility)
      .execute())
      if (patient !== null) found.add(patient)
  return [...found]
}
