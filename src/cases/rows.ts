/**
 * The rows of cases, read and changed only through this module, inside the caller's transaction.
 */
import { NocturneError } from '../lib/errors.js'
import type { EventInput } from '../ledger/log/index.js'
import type { Tx, Db } from '../state/index.js'
import type { CaseState, CaseTable } from '../state/night/index.js'
import { nextCaseState } from './states.js'
import type { CaseStep } from './states.js'

/** @throws NocturneError `not_found` */
export async function readCase(tx: Db | Tx, id: string): Promise<CaseTable> {
  const row = await tx.selectFrom('cases').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new NocturneError('not_found')
  return row
}

/** The case that the transfer joined. */
export async function caseWith(tx: Tx, transfer: string): Promise<CaseTable | undefined> {
  return tx
    .selectFrom('cases')
    .innerJoin('case_transfers', 'case_transfers.case_id', 'cases.id')
    .selectAll('cases')
    .where('case_transfers.transfer', '=', transfer)
    .executeTakeFirst()
}

/** The case that has transfers and notes: the one of which this is a part, or itself. */
export const wholeOf = ({ id, part_of: whole }: CaseTable): string => whole ?? id

/** In the order in which they joined the case; for a part, those of the whole case. */
export async function transfersOf(tx: Db | Tx, id: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('case_transfers')
    .select('transfer')
    .where((eb) =>
      eb.or([
        eb('case_id', '=', id),
        eb('case_id', '=', eb.selectFrom('cases').select('part_of').where('id', '=', id)),
      ]),
    )
    .orderBy('joined_at')
    .orderBy('transfer')
    .execute()
  return rows.map(({ transfer }) => transfer)
}

/** Those that the case is about: prior studies may be opened, but nothing waits for that. */
export async function toBeRead(tx: Tx, id: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('case_transfers')
    .select('transfer')
    .where('case_id', '=', id)
    .where('joining', '<>', 'prior')
    .execute()
  return rows.map(({ transfer }) => transfer)
}

export type CaseChange = Partial<Omit<CaseTable, 'id' | 'code' | 'state' | 'facility'>>

/** The columns of a case without a claim. */
export const NO_CLAIM = { claimed_by: null, claimed_at: null, claim_until: null } as const

/**
 * Applies one step of the state table, and other changes with it. The update requires the state
 * that was read, so if two gateways act at once, the second one fails.
 *
 * @throws NocturneError `case_state` naming the state that does not allow the step.
 */
export async function stepCase(
  tx: Tx,
  row: CaseTable,
  step: CaseStep,
  change: CaseChange = {},
): Promise<CaseTable> {
  const state = nextCaseState(row.state, step)
  if (state === undefined) throw new NocturneError('case_state', { subject: row.state })
  const updated = await tx
    .updateTable('cases')
    .set({ ...change, state })
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .returningAll()
    .executeTakeFirst()
  if (!updated) throw new NocturneError('case_state', { subject: row.state })
  return updated
}

/**
 * A case that names no patient, or several, may be that of any.
 *
 * @throws NocturneError `case_other_patient`
 */
export function expectSamePatient(one: CaseTable, other: CaseTable): void {
  const isOther = one.patient !== null && other.patient !== null && one.patient !== other.patient
  if (isOther) throw new NocturneError('case_other_patient')
}

/**
 * The fields common to all events about a case. They include a transfer, so that a search by
 * transfer finds the event.
 */
export const aboutCase = (
  row: Pick<CaseTable, 'id' | 'code' | 'facility' | 'group_id' | 'patient' | 'part_of' | 'region'>,
  transfer: string | undefined,
  detail: NonNullable<EventInput['detail']> = {},
): Pick<EventInput, 'facility' | 'group' | 'transfer' | 'patient' | 'detail'> => ({
  facility: row.facility,
  group: row.group_id,
  ...(transfer !== undefined && { transfer }),
  ...(row.patient !== null && { patient: row.patient }),
  detail: {
    ...{ case: row.id, code: row.code },
    ...(row.part_of !== null && { of: row.part_of, region: row.region }),
    ...detail,
  },
})

export const isHeld = ({ state }: { readonly state: CaseState }): boolean =>
  state === 'claimed' || state === 'finalizing'

/** A reader holds the case, and the claim has not expired. */
export const isHeldAt = (row: CaseTable, now: number): boolean =>
  isHeld(row) && (row.claim_until === null || row.claim_until > now)
