/**
 * Examines documents before readers get them.
 *
 * In:  a document as it passes, its type, and the facility's rules.
 * Out: the same octets; an error after the last one if the document must be held.
 * Always true: nothing is written to disk; memory does not grow with the document; a scanner that
 *      does not answer holds the document, and never passes it.
 * Trusts: the scanner.
 */
export type { ScannerAddress } from './clamav.js'
export { DOCUMENT_TYPES, inspectDocument } from './document.js'
export type { DocumentRules } from './document.js'
