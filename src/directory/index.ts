/**
 * The room that knows facilities, groups, people and their certificates.
 *
 * In:  the site's configuration, with the people in effect at each moment.
 * Out: the identity of a principal, and the recipients to whom a transfer must be sealed.
 * Always true: recipients are checked against the policy every time they are requested, and one
 *      unusable certificate fails the whole set, naming it.
 * Trusts: the configuration in effect for people's identities and roles, and the record of
 *      certificates in effect for their keys: a replaced file counts only after its owner and the
 *      operator have confirmed it.
 */
export type { Principal, Directory, KnownCertificate } from './principal.js'
export { createDirectory } from './directory.js'
export type { DirectoryParts } from './directory.js'
