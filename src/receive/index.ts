/**
 * The room at the door: bytes of a part in, bounded items out.
 *
 * In:  one part of an upload as a stream.
 * Out: ReceivedItem: an instance, a document, or the reason why it is neither. An archive yields
 *      many.
 * Always true: nothing is held but a few kilobytes of look-ahead; every limit is enforced while the
 *      bytes pass; every file inside an archive is answered for.
 * Trusts: nothing. Neither name nor content type decides what a file is; they can only make us more
 *         careful.
 */
export type {
  Part,
  ReceiveLimits,
  ReceivedItem,
  ReceivedInstance,
  ReceivedDocument,
  UnacceptableItem,
} from './item.js'
export { drain } from './item-bytes.js'
export { receive } from './receive.js'
