/**
 * The DIMSE door: associations in, instances out as streams of whole DICOM files.
 *
 * In:  connections, in TLS or in the clear; C-ECHO, C-STORE, and N-ACTION of storage commitment.
 * Out: for each C-STORE a Part 10 file that is pulled as fast as it is taken, and the status that
 *      its taker decides.
 * Always true: no PDU beyond what was announced, no association that nobody configured, no instance
 *      answered before its taker has, and no instance that was cut looks whole. Time runs only
 *      while we wait for the peer.
 * Trusts: nothing. An AE title is believed from the address, or with the certificate, that the site
 *         binds it to.
 */
export { AssociationEndedError } from './association.js'
export { Status } from './command.js'
export { serveDimse } from './serve.js'
export type { Timing } from './association.js'
export type {
  Answer,
  ArrivingInstance,
  Caller,
  Refusal,
  Services,
  Session,
} from './conversation.js'
export type { DimseOptions, DimseServer } from './serve.js'
export type { Peer } from './peers.js'
