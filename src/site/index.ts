/**
 * The room that keeps the site's own records: certificates, the gateway's key, the facilities'
 * secrets, the configuration.
 *
 * In:  the configuration and the secrets as they were loaded, and what the database recorded at
 *      earlier starts.
 * Out: which certificate, key and secret is in effect; warnings before one of them ends.
 * Always true: whatever differs from the last start is an event of the ledger before anybody is
 *      served; another primary key of a person takes effect only with a signature of its owner and
 *      the operator's word.
 * Trusts: the operator who starts the gateway; not the files alone.
 */
export { createCertificates, waitingCertificates } from './certificates.js'
export type { Certificates } from './certificates.js'
export { createCertificateWarnings } from './certificate-warnings.js'
export type { CertificateWarnings } from './certificate-warnings.js'
export { createConfigurationRecord } from './configuration.js'
export { expiryWarning } from './expiry.js'
export { createFacilityKeys } from './facility-keys.js'
export type { FacilityKeys } from './facility-keys.js'
export { createGatewayKeys } from './gateway-keys.js'
export type { GatewayKeys } from './gateway-keys.js'
