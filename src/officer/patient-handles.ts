/** Converts the patient ID that an officer types into the handles that the ledger contains. */
import type { Site } from '../config/index.js'
import type {
  isHandledByTransfer,
  patientHandle,
  patientIdHandle,
} from '../deidentify/identity/index.js'
import { NocturneError } from '../lib/errors.js'
import type { PatientInTransfer } from '../ledger/reviews/index.js'

/** A patient as an officer names one. */
export interface AskedPatient {
  readonly patientId: string
  /** Issuer of Patient ID; empty means the ID under every issuer, and without one. */
  readonly issuer: string
}

export interface FoundPatient {
  /** Handles that were asked for. Some may not occur in the ledger. */
  readonly handles: readonly string[]
  /**
   * Handles in the ledger with the same ID under an issuer that was not asked for: perhaps the same
   * person, perhaps another one.
   */
  readonly others: readonly string[]
}

export interface PatientParts {
  readonly config: Pick<Site['config'], 'facilities'>
  readonly secrets: Pick<Site['secrets'], 'facilities' | 'retired'>
  readonly identity: {
    readonly isHandledByTransfer: typeof isHandledByTransfer
    readonly patientHandle: typeof patientHandle
    readonly patientIdHandle: typeof patientIdHandle
  }
  readonly patients: {
    /** Every pair of a transfer and a patient handle that the ledger contains for a facility. */
    byTransfer(facility: string): Promise<readonly PatientInTransfer[]>
    /** Patient handles of a facility whose Patient ID has one of these handles under any issuer. */
    withId(facility: string, idHandles: readonly string[]): Promise<readonly string[]>
    /** Those of these handles that the ledger contains for a facility. */
    occurring(facility: string, handles: readonly string[]): Promise<readonly string[]>
  }
}

/**
 * All handles of one patient of the facility: one per issuer and generation of the facility's
 * secret. If its profile links studies only within a transfer, one per transfer as well; of those,
 * the ones that occur in the ledger are returned.
 *
 * @throws NocturneError `not_found` for an unknown facility.
 */
export async function findPatient(
  parts: PatientParts,
  facility: string,
  { patientId: typed, issuer: typedIssuer }: AskedPatient,
): Promise<FoundPatient> {
  const { config, secrets, identity, patients } = parts
  const known = config.facilities.find(({ id }) => id === facility)
  const secret = secrets.facilities.get(facility)
  if (!known || !secret) throw new NocturneError('not_found')
  // Events of earlier years identify the patient with the secret of that time.
  const all = [secret, ...(secrets.retired?.get(facility) ?? [])]
  // PS3.5 table 6.2-1: spaces around a value of VR LO are not part of it.
  const [patientId, issuer] = [typed.trim(), typedIssuer.trim()]
  const exact = (under: string, transfer?: string) =>
    all.map((one) => identity.patientHandle(one, { patientId, issuer: under }, transfer))
  const anyIssuer = (transfer?: string) =>
    all.map((one) => identity.patientIdHandle(one, patientId, transfer))

  // The profile may have been different in the past, so facility-wide handles are looked up in any
  // case.
  const asked = new Set(exact(issuer))
  const same = new Set(await patients.withId(facility, anyIssuer()))
  if (issuer !== '')
    for (const handle of await patients.occurring(facility, exact(''))) same.add(handle)
  if (identity.isHandledByTransfer(known.profile))
    for (const { transfer, patient, idHandle } of await patients.byTransfer(facility)) {
      if (exact(issuer, transfer).includes(patient)) asked.add(patient)
      else if (
        (idHandle !== undefined && anyIssuer(transfer).includes(idHandle)) ||
        exact('', transfer).includes(patient)
      )
        same.add(patient)
    }
  const rest = [...same].filter((handle) => !asked.has(handle))
  return issuer === ''
    ? { handles: [...asked, ...rest], others: [] }
    : { handles: [...asked], others: rest }
}
