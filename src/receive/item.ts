/** What comes in, and what a door may make of it. */
import type { Code } from '../lib/errors.js'
import type { Station } from '../lib/station.js'

export interface Part {
  /** As the sender declared it; in memory only. */
  readonly contentType: string
  readonly fileName: string | undefined
  readonly bytes: AsyncIterable<Buffer>
}

export interface ReceiveLimits {
  /** Bytes of one item, after inflating when it comes from an archive. */
  readonly itemBytes: number
  /** Entries of one archive, with those of archives inside it. */
  readonly archiveEntries: number
  /** Inflated bytes for each compressed byte, once 1 MiB came out. */
  readonly archiveRatio: number
  /** Archives inside archives; 1 allows none inside. */
  readonly archiveDepth: number
}

/**
 * An item on its way in. `bytes` must be read to the end, or `drain()`ed, before the next item is
 * asked for; reading can fail with a NocturneError (`item_too_large`, `truncated`, `archive_bomb`,
 * ...), which concerns this item alone unless it is a failure of the connection.
 */
export type ReceivedItem = ReceivedInstance | ReceivedDocument | UnacceptableItem

export type ReceivedInstance = Station<
  'received',
  { readonly kind: 'instance'; readonly bytes: AsyncIterable<Buffer> }
>

export type ReceivedDocument = Station<
  'received',
  {
    readonly kind: 'document'
    /** By content where that is known, else as declared: type/subtype, lower case. */
    readonly mediaType: string
    readonly bytes: AsyncIterable<Buffer>
  }
>

/**
 * Something that cannot go to a reader. With `keep` its bytes go to quarantine; else it is refused
 * and drained.
 */
export interface UnacceptableItem {
  readonly kind: 'unacceptable'
  readonly what: 'instance' | 'document' | 'archive' | 'directory' | 'unknown'
  readonly code: Code
  readonly keep: boolean
  readonly bytes: AsyncIterable<Buffer>
}
