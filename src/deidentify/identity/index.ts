/**
 * Identifies patients before and after de-identification: keyed handles, and the way back that only
 * the facility can open.
 */
export { keyIdOf } from './keys.js'
export {
  isHandledByTransfer,
  orderHandle,
  patientHandle,
  patientIdHandle,
} from './patient-handle.js'
export type { PatientName } from './patient-handle.js'
export type { WayBack } from './way-back.js'
