/** What the gateway needs of a PACS to get prior studies, whichever way it is asked. */
import type { FoundStudy } from '../../priors/index.js'

export interface Pacs {
  /**
   * All studies of the patient, `bodyParts` still empty.
   *
   * @throws NocturneError `priors_unavailable`
   */
  studies(patientId: string): Promise<readonly FoundStudy[]>
  /**
   * Body Part Examined of the study's series.
   *
   * @throws NocturneError `priors_unavailable`
   */
  bodyParts(study: string): Promise<readonly string[]>
  /**
   * Resolves when the PACS has sent all of the study, and every instance is durable or has an
   * outcome. Returns false when some of it could not be sent.
   *
   * @throws NocturneError `priors_unavailable`
   */
  retrieve(study: string): Promise<boolean>
}

/** More than any patient has; a PACS that ignores the Patient ID would list everybody. */
export const MOST_STUDIES = 2_000

/**
 * Wildcards and several values would match other patients (PS3.4 C.2.2.2), and characters beyond
 * ASCII depend on the character set of the PACS.
 */
export const isPlainKey = (patientId: string): boolean =>
  /^[ -~]{1,64}$/.test(patientId) && !/[*?\\]/.test(patientId)
