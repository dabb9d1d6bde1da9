/**
 * The room that writes results: a report, with the identity back, in the forms that a RIS and a
 * PACS take.
 *
 * In:  a report that was opened and verified, and the identity that the crosswalk gave.
 * Out: text, PDF, HL7 v2.5.1, FHIR R4, DICOM SR and Encapsulated PDF; and HL7 sent over MLLP.
 * Always true: a preliminary report says so in every form; the same report is the same instance and
 *      message each time.
 * Trusts: whoever opened it to have verified the reader's signature. Runs on the facility's machine
 *         only.
 */
export { toEncapsulatedPdf, toSr } from './dicom.js'
export { toFhir } from './fhir.js'
export type { FinishedReport, Identity } from './finished.js'
export { sendMllp } from './mllp.js'
export type { MllpTarget } from './mllp.js'
export { toOru } from './oru.js'
export { toPdf } from './pdf.js'
export { toText } from './text.js'
