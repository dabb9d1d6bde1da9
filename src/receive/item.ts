/** What a door hands over, and the items made from it. */
import type { Code } from '../lib/errors.js'
import type { Station } from '../lib/station.js'

export interface Part {
  /** As declared by the sender; kept in memory only. */
  readonly contentType: string
  readonly fileName: string | undefined
  readonly bytes: AsyncIterable<Buffer>
}

export interface ReceiveLimits {
  /** Bytes of one item, counted after inflating if it comes from an archive. */
  readonly itemBytes: number
  /** Entries of one archive, including those of nested archives. */
  readonly archiveEntries: number
  /** Inflated bytes per compressed byte, checked once 1 MiB has come out. */
  readonly archiveRatio: number
  /** Nesting depth of archives; 1 allows no archive inside an archive. */
  readonly archiveDepth: number
}

/**
 * An incoming item. Read `bytes` to the end, or `drain()` them, before requesting the next item.
 * Reading can fail with a NocturneError (`item_too_large`, `truncated`, `archive_bomb`, ...), which
 * affects only this item unless the connection itself failed.
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
    /**
     * From the content where that is conclusive, otherwise as declared: type/subtype, lower case.
     */
    readonly mediaType: string
    readonly bytes: AsyncIterable<Buffer>
  }
>

/**
 * Something that cannot go to a reader. With `keep`, its bytes go to quarantine; otherwise it is
 * refused and drained.
 */
export interface UnacceptableItem {
  readonly kind: 'unacceptable'
  readonly what: 'instance' | 'document' | 'archive' | 'directory' | 'unknown'
  readonly code: Code
  readonly keep: boolean
  readonly bytes: AsyncIterable<Buffer>
}
