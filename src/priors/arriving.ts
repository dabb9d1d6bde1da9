/** What prior studies mean for the studies that arrive instance by instance. */
import type { InstanceSigns } from '../intake/index.js'
import type { Priority } from '../state/index.js'
import type { NewStudy } from './rule.js'

/** Earlier studies of a patient, which the gateway asks the PACS of a facility for. */
export interface PriorStudies {
  /** Whether the facility has such a PACS: only then is the identity of a study remembered. */
  wants(facility: string): boolean
  /** The study that this one was asked for. */
  expected(
    facility: string,
    study: string,
  ): Promise<{ readonly priorOf: string; readonly group: string } | undefined>
  /**
   * Call before a study is completed, and the returned function afterwards. Neither ever fails, nor
   * waits for the PACS.
   *
   * @param patient undefined if no instance has arrived since the process started
   */
  prepare(
    study: { readonly transfer: string; readonly facility: string; readonly group: string },
    patient: NewStudy | undefined,
  ): Promise<(isComplete: boolean) => void>
}

/** A study that was asked for belongs to the case that it was asked for. */
export async function priorRoute(
  priors: PriorStudies | undefined,
  {
    facility,
    wanted,
  }: { readonly facility: string; readonly wanted?: { readonly group?: string } },
  study: string,
): Promise<
  { readonly priorOf: string; readonly group: string; readonly priority: Priority } | undefined
> {
  if (wanted?.group !== undefined || priors?.wants(facility) !== true) return undefined
  const expected = await priors.expected(facility, study)
  return expected && { ...expected, priority: 'routine' }
}

interface Arriving {
  readonly facility: string
  readonly priorOf?: string
}

/** Prior studies have no query of their own. */
const isAskedFor = (priors: PriorStudies | undefined, { facility, priorOf }: Arriving): boolean =>
  priorOf === undefined && priors?.wants(facility) === true

/** Whose study it is, if priors will be asked for. */
export function patientIn(
  priors: PriorStudies | undefined,
  target: Arriving,
  signs: InstanceSigns,
): NewStudy | undefined {
  const { studyInstanceUID, patientId } = signs
  if (!isAskedFor(priors, target)) return undefined
  if (studyInstanceUID === undefined || patientId === undefined) return undefined
  return {
    ...{ studyInstanceUID, patientId, birthDate: signs.patientBirthDate ?? '' },
    ...{ date: signs.studyDate ?? '', modality: signs.modality ?? '' },
    ...{ bodyPart: signs.bodyPart ?? '', description: signs.studyDescription ?? '' },
  }
}

/** As `PriorStudies.prepare`; undefined for a study that has no query. */
export async function prepareQuery(
  priors: PriorStudies | undefined,
  study: Arriving & { readonly transfer: string; readonly group: string },
  patient: NewStudy | undefined,
): Promise<((isComplete: boolean) => void) | undefined> {
  if (!isAskedFor(priors, study)) return undefined
  const { transfer, facility, group } = study
  return priors?.prepare({ transfer, facility, group }, patient)
}
