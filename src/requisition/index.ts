/**
 * The room that reads requisitions: what the ordering provider wants to know about a study.
 *
 * In:  an order in HL7 v2, a FHIR ServiceRequest, or a form.
 * Out: a Requisition, and the document that readers get of it.
 * Always true: the document is built from an allow-list of fields, free text in it is cleaned, and
 *      nothing of the segments about patient, relatives, guarantor and insurance passes.
 * Trusts: nothing. Every length and count is bounded.
 */
export { documentOf, expectComplete } from './requisition.js'
export type { Requisition } from './requisition.js'
export { readMessage } from './hl7.js'
export type { Hl7Message } from './hl7.js'
export { readOrder } from './read-hl7.js'
export { readServiceRequest } from './read-fhir.js'
