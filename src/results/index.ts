/**
 * The room that writes results: a report, with the patient's identity restored, in the formats that
 * a RIS and a PACS accept.
 *
 * In:  a report that was opened and verified, and the identity from the crosswalk.
 * Out: text, PDF, HL7 v2.5.1, FHIR R4, DICOM SR and Encapsulated PDF; and HL7 sent over MLLP.
 * Always true: a preliminary report is marked as preliminary in every format; the same report
 *      always becomes the same instance and message.
 * Trusts: the caller to have verified the reader's signature. Runs only on the facility's machine.
 */
export { toEncapsulatedPdf, toSr } from './dicom.js'
export { toFhir } from './fhir.js'
export { nameOf } from './finished.js'
export type { FinishedReport, Identity } from './finished.js'
export { sendMllp } from './mllp.js'
export type { MllpTarget } from './mllp.js'
export { toOru } from './oru.js'
export { toPdf } from './pdf.js'
export { toText } from './text.js'
