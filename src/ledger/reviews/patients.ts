import type { Db } from '../../state/index.js'

/**
 * Every pair of a transfer and a patient handle that a facility's events name.
 * @throws NocturneError `database_unavailable`
 */
export async function patientsByTransfer(
  db: Db,
  facility: string,
): Promise<readonly { readonly transfer: string; readonly patient: string }[]> {
  const rows = await db
    .selectFrom('events')
    .select(['transfer', 'patient'])
    .distinct()
    .where('facility', '=', facility)
    .where('patient', 'is not', null)
    .where('transfer', 'is not', null)
    .execute()
  return rows.flatMap(({ transfer, patient }) =>
    transfer === null || patient === null ? [] : [{ transfer, patient }],
  )
}
