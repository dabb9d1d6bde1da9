/**
 * The DIMSE door: accepts associations and yields instances as streams of whole DICOM files.
 *
 * In:  connections, with TLS or plain; C-ECHO, C-STORE, and N-ACTION of storage commitment.
 * Out: for each C-STORE a Part 10 file, pulled as fast as the consumer reads it; the consumer
 *      decides the status of the response.
 * Always true: no PDU is larger than announced, every association belongs to a configured peer, no
 *      instance is answered before the consumer has answered, and no truncated instance looks
 *      complete. Timeouts run only while we wait for the peer.
 * Trusts: nothing. An AE title is accepted only from the address, or with the certificate, to which
 *         the site binds it.
 */
export { AssociationEndedError } from './ending.js'
export { Status } from './command.js'
export { isStored, sendInstances } from './send.js'
export type { SentInstance } from './send.js'
export { serveDimse } from './serve.js'
export type {
  Answer,
  ArrivingInstance,
  Caller,
  Refusal,
  Services,
  Session,
} from './conversation.js'
export type { DimseOptions, DimseServer } from './serve.js'
export type { Destination } from './request.js'
