/**
 * Events in standard formats: FHIR AuditEvents (IHE BALP) and DICOM audit messages (PS3.15 A.5).
 */
export { toAuditEvent } from './audit-event.js'
export { toAuditMessage } from './audit-message.js'
export { eventTypeSystem } from './code-system.js'
export { BALP, namespaces } from './codes.js'
export type { AuditEvent } from './fhir-types.js'
export { PARAMETERS as RECORD_PARAMETERS } from './search-parameters.js'
export { splitAt, tokenOf } from './search-values.js'
export { parseRecordSearch } from './search.js'
