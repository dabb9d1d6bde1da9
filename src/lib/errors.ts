/**
 * One error class and one catalogue. A message never carries data from a request, a file or a key:
 * people read the fixed text and hint of its code, and the cause stays inside the process.
 */
import { DOORS } from './catalogue/doors.js'
import { FRONT } from './catalogue/front.js'
import { ITEMS } from './catalogue/items.js'
import { KEYS } from './catalogue/keys.js'
import { PAGES } from './catalogue/pages.js'
import { REQUESTS } from './catalogue/requests.js'
import { SEALING } from './catalogue/sealing.js'
import { STORES } from './catalogue/stores.js'
import { TRANSFERS } from './catalogue/transfers.js'

export const CATALOGUE = {
  ...REQUESTS,
  ...TRANSFERS,
  ...SEALING,
  ...STORES,
  ...ITEMS,
  ...KEYS,
  ...PAGES,
  ...DOORS,
  ...FRONT,
} as const

export type Code = keyof typeof CATALOGUE

/** The other items of the request are processed as usual. */
export const concernsItemAlone = (code: Code): boolean => CATALOGUE[code].concernsItemAlone

/**
 * Where a fault is, and the rule that it violates. Never a value: the rule is one of our own texts,
 * and a path contains only tags that PS3.6 lists, since a damaged file may have anything in place
 * of a tag.
 */
export interface Place {
  readonly [name: string]: string | number | undefined
  readonly rule: string
  /** `00081140[0].00081155`; absent at the top level. */
  readonly path?: string | undefined
  /**
   * Bytes from the start of the file or, in a deflated data set, from the start of the data set.
   */
  readonly offset?: number | undefined
}

/**
 * Every error that is shown outside the process. `cause` is for the log of internal errors and is
 * never sent.
 */
export class NocturneError extends Error {
  override readonly name = 'NocturneError'
  readonly code: Code
  /**
   * A name from the configuration (never from a request) that makes the hint concrete, such as a
   * recipient's ID.
   */
  readonly subject: string | undefined
  /** The parameter, header, form field or body member at fault, by our own name for it. */
  readonly field: string | undefined
  /** Further findings about the same item, in addition to `code`. */
  readonly also: readonly Code[]
  /** For an item: where and why, as far as known. */
  readonly place: Place | undefined

  constructor(
    code: Code,
    options: {
      cause?: unknown
      subject?: string
      field?: string
      also?: readonly Code[]
      place?: Place | undefined
    } = {},
  ) {
    super(CATALOGUE[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.subject = options.subject
    this.field = options.field
    this.also = options.also ?? []
    this.place = options.place
  }

  get status(): number {
    return CATALOGUE[this.code].status
  }

  get hint(): string {
    return CATALOGUE[this.code].hint
  }
}

/**
 * Returns the error unchanged if it is one of ours; otherwise `fallback` with the error as its
 * cause.
 */
export function asNocturneError(error: unknown, fallback: Code = 'internal'): NocturneError {
  return error instanceof NocturneError ? error : new NocturneError(fallback, { cause: error })
}

/** The `code` of a Node.js system error (`ENOSPC`, `ENOENT`, ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** A failed call to the file system that was made in another thread. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  /** Such as ENOSPC. */
  readonly code: string | undefined

  constructor({ message, code }: { readonly message: string; readonly code?: string }) {
    super(message)
    this.code = code
  }
}
