/**
 * The room that receives uploads: turns the bytes of a part into bounded items.
 *
 * In: one part of an upload as a stream.
 * Out: ReceivedItem: an instance, a document, or the reason why it is neither. An archive yields
 * many.
 * Always true: only a few kilobytes of look-ahead are held; every limit is enforced while the bytes
 * pass; every file inside an archive is accounted for.
 * Trusts: nothing. Name and content type never decide what a file is; they can only add caution.
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
export { isSystemFile, SYSTEM_FILE_LOOK } from './system-files.js'
