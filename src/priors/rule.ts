/** Which earlier studies of a patient are worth reading beside a new one. Pure. */
import { isRelated, regionsIn } from './regions.js'

export interface PriorRule {
  /** At most so many, the newest first. */
  readonly studies: number
  /** Not older than this, counted from the new study. */
  readonly years: number
  /** What they must have in common with the new study. */
  readonly same: readonly ('region' | 'modality')[]
}

/** Identifies the patient: in memory only. */
export interface NewStudy {
  readonly studyInstanceUID: string
  readonly patientId: string
  /** YYYYMMDD, like `date`; empty if the study does not say. */
  readonly birthDate: string
  readonly date: string
  readonly modality: string
  readonly bodyPart: string
  readonly description: string
}

/** As the PACS describes it; likewise in memory only. */
export interface FoundStudy {
  readonly studyInstanceUID: string
  readonly patientId: string
  readonly birthDate: string
  readonly date: string
  readonly description: string
  readonly modalities: readonly string[]
  /** Of its series, where the PACS was asked for them. */
  readonly bodyParts: readonly string[]
}

const UID = /^[0-9.]{1,64}$/
const DATE = /^\d{8}$/

/**
 * Those of the same patient in the years before, the newest first. A PACS that ignores a key of the
 * query answers with other patients: they are left out here.
 *
 * @param today YYYYMMDD, for a new study without a date
 */
export function datedPriors(
  { years }: Pick<PriorRule, 'years'>,
  study: NewStudy,
  found: readonly FoundStudy[],
  today: string,
): readonly FoundStudy[] {
  const last = DATE.test(study.date) ? study.date : today
  const first = String(Number(last.slice(0, 4)) - years).padStart(4, '0') + last.slice(4)
  const seen = new Set([study.studyInstanceUID])
  return found
    .filter((one) => {
      if (seen.has(one.studyInstanceUID) || !UID.test(one.studyInstanceUID)) return false
      seen.add(one.studyInstanceUID)
      return (
        isSamePatient(study, one) && DATE.test(one.date) && first <= one.date && one.date <= last
      )
    })
    .sort((a, b) => b.date.localeCompare(a.date))
}

const isSamePatient = (a: NewStudy, b: FoundStudy): boolean =>
  a.patientId === b.patientId &&
  (a.birthDate === '' || b.birthDate === '' || a.birthDate === b.birthDate)

/**
 * Those that the rule selects. Where the new study does not say what part of the body it shows,
 * `region` cannot be judged, and the modality decides.
 *
 * @param dated as from `datedPriors`
 */
export function chosenPriors(
  { studies, same }: Pick<PriorRule, 'studies' | 'same'>,
  study: NewStudy,
  dated: readonly FoundStudy[],
): readonly FoundStudy[] {
  const regions = regionsIn([study.bodyPart, study.description])
  const byRegion = same.includes('region') && regions.size > 0
  const byModality = same.includes('modality') || (same.includes('region') && !byRegion)
  return dated
    .filter(
      ({ description, bodyParts, modalities }) =>
        (!byRegion || isRelated(regions, regionsIn([description, ...bodyParts]))) &&
        (!byModality || modalities.includes(study.modality)),
    )
    .slice(0, studies)
}
