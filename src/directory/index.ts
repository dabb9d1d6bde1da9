/**
 * The room that knows facilities, groups, people and their certificates.
 *
 * In:  the site's configuration.
 * Out: who a principal is, and the recipients a transfer must be sealed to.
 * Always true: recipients are checked against the policy when they are asked for, and one bad
 *      certificate fails the whole set, naming it.
 * Trusts: the configuration for who is who, and the record of certificates in effect for their
 *      keys: a file that was replaced counts only once its owner and the operator have confirmed
 *      it.
 */
export type { Role, Principal, Directory, KnownCertificate } from './principal.js'
export { createDirectory } from './directory.js'
export type { DirectoryParts } from './directory.js'
