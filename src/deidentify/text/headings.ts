/** Recognizes the name of the examination with which a description may start: `CT HEAD, …`. */
import { CHANGES_MEANING, CONTRAST, FINDING, SIDE } from './roles.js'
import type { Token } from './tokens.js'

/** Words that name an examination, in the seven languages. */
const EXAMINATIONS: ReadonlySet<string> = new Set(
  (
    'ct cta ctpa mr mri mra mrv mrcp us uss xr xray x-ray cr dx nm pet pet-ct pet/ct petct ' +
    'mg mammo fl dexa echo tc tac rx rm rmn irm tdm tep scanner mrt rontgen roentgen ro ' +
    'sono sonographie sonografie szintigraphie radiographie echographie mammographie ' +
    'scintigraphie ecografia ecografica radiografia mamografia mammografia gammagrafia ' +
    'scintigrafia cintilografia ultrassom ultrassonografia usg angio-tc angiotc angiotac ' +
    'angio-ct angio-rm angioscanner uroscanner uro-tc urotac ecocolordoppler colangio-rm ' +
    'colangiorm cholangio-irm entero-irm entero-rm eco angiotomografia urotomografia ' +
    'tomografia resonancia ressonancia risonanza botscan mammografie x-thorax foto'
  ).split(' '),
)

const CLAIMS = FINDING | CONTRAST | (CHANGES_MEANING & ~SIDE)

/**
 * Whether a segment only names an examination and its region. It claims nothing about the patient,
 * so nothing that is cut elsewhere in its clause can change it.
 */
export function isHeading([examination, ...others]: readonly Token[]): boolean {
  if (!examination || !EXAMINATIONS.has(examination.folded)) return false
  return others.every(({ roles }) => (roles & CLAIMS) === 0)
}
