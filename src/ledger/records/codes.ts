/** The standard codes that records are written with, and their display texts. */

/**
 * PS3.16 CID 400 (events), 401 (event types), 402 (roles), 404 (objects) and 405 (media): meaning
 * by code.
 */
export const DCM_MEANINGS = {
  '110037': 'URI',
  '110100': 'Application Activity',
  '110101': 'Audit Log Used',
  '110102': 'Begin Transferring DICOM Instances',
  '110103': 'DICOM Instances Accessed',
  '110104': 'DICOM Instances Transferred',
  '110105': 'DICOM Study Deleted',
  '110106': 'Export',
  '110107': 'Import',
  '110108': 'Network Entry',
  '110109': 'Order Record',
  '110110': 'Patient Record',
  '110111': 'Procedure Record',
  '110112': 'Query',
  '110113': 'Security Alert',
  '110114': 'User Authentication',
  '110120': 'Application Start',
  '110121': 'Application Stop',
  '110122': 'Login',
  '110123': 'Logout',
  '110124': 'Attach',
  '110125': 'Detach',
  '110126': 'Node Authentication',
  '110127': 'Emergency Override Started',
  '110128': 'Network Configuration',
  '110129': 'Security Configuration',
  '110130': 'Hardware Configuration',
  '110131': 'Software Configuration',
  '110132': 'Use of Restricted Function',
  '110133': 'Audit Recording Stopped',
  '110134': 'Audit Recording Started',
  '110135': 'Object Security Attributes Changed',
  '110136': 'Security Roles Changed',
  '110137': 'User Security Attributes Changed',
  '110138': 'Emergency Override Stopped',
  '110150': 'Application',
  '110152': 'Destination Role ID',
  '110153': 'Source Role ID',
  '110154': 'Destination Media',
  '110180': 'Study Instance UID',
  '110182': 'Node ID',
} as const

export type DcmCode = keyof typeof DCM_MEANINGS

/** The meaning of a code; for a code written by a newer gateway, the code itself. */
export function meaningOf(code: string): string {
  return isDcmCode(code) ? DCM_MEANINGS[code] : code
}

const isDcmCode = (code: string): code is DcmCode => Object.hasOwn(DCM_MEANINGS, code)

/** PS3.15 A.5.1.2.2 and FHIR's object-role use the same numbers; these are the ones used here. */
export const OBJECT_ROLES = {
  '1': 'Patient',
  '3': 'Report',
  '13': 'Security Resource',
  '17': 'Data Repository',
  '24': 'Query',
} as const

export type ObjectRole = keyof typeof OBJECT_ROLES

/** PS3.15 A.5.1.2.4 (RFC 3881): what kind of ID an object is identified by. */
export const ID_TYPES = {
  '2': 'Patient Number',
  '10': 'Search Criteria',
  '12': 'URI',
} as const

export const FHIR_SYSTEMS = {
  dcm: 'http://dicom.nema.org/resources/ontology/DCM',
  eventType: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  interaction: 'http://hl7.org/fhir/restful-interaction',
  participation: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  purpose: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  sourceType: 'http://terminology.hl7.org/CodeSystem/security-source-type',
  entityType: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  objectRole: 'http://terminology.hl7.org/CodeSystem/object-role',
  outcome: 'http://terminology.hl7.org/CodeSystem/audit-event-outcome',
  uri: 'urn:ietf:rfc:3986',
} as const

/** URLs of IHE BALP's AuditEvent profiles are this prefix plus their name. */
export const BALP = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'

/**
 * A gateway's own identifiers and codes are URIs under its name, whatever address it is reached at.
 */
export const namespaceOf = (gateway: string): string => `https://${gateway}/fhir`

export const namespaces = (gateway: string) => {
  const base = namespaceOf(gateway)
  return {
    eventType: `${base}/CodeSystem/event-type`,
    principal: `${base}/NamingSystem/principal`,
    gateway: `${base}/NamingSystem/gateway`,
    ledgerIndex: `${base}/NamingSystem/ledger-index`,
    object: `${base}/NamingSystem/object`,
    /** The facility's own patient ID. It only ever appears in the body of a request. */
    patientId: (facility: string) => `${base}/NamingSystem/patient-id/${facility}`,
    /** Handles are keyed per facility; without a facility when the entry names none. */
    patientHandle: (facility?: string) =>
      `${base}/NamingSystem/patient-handle${facility === undefined ? '' : `/${facility}`}`,
  }
}
