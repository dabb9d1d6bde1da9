/**
 * The room that keeps the site's own records: certificates, the gateway's key, the facilities'
 * secrets, the configuration.
 *
 * In: the configuration and secrets as loaded, and the database's records from earlier starts.
 * Out: which certificate, key and secret is in effect; warnings before one of them ends.
 * Always true: whatever differs from the last start is an event in the ledger before any request is
 * served; a person's new primary key takes effect only with a signature of its owner and the
 * operator's confirmation.
 * Trusts: the operator who starts the gateway, but not the files alone.
 */
export { createCertificates, waitingCertificates } from './certificates.js'
export type { Certificates } from './certificates.js'
export { createClientCertificates } from './client-certificates.js'
export { createCertificateWarnings } from './certificate-warnings.js'
export type { CertificateWarnings } from './certificate-warnings.js'
export { createConfigurationRecord } from './configuration.js'
export { expiryWarning } from './expiry.js'
export { createFacilityKeys } from './facility-keys.js'
export type { FacilityKeys } from './facility-keys.js'
export { createMemberships } from './memberships.js'
export type { Member, Memberships } from './memberships.js'
export { createGatewayKeys } from './gateway-keys.js'
export type { GatewayKeys } from './gateway-keys.js'
