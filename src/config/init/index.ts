/**
 * Creates a new site, and adds and rotates the secrets of facilities: files with mode 0600 in a
 * folder with mode 0700.
 */
export { addFacilitySecret, rotateFacilitySecret } from './facility-secret.js'
export { DEMO_PRINCIPALS, initSite } from './init.js'
export type { InitReport, KeyMakers } from './init.js'
