import { crc32 } from 'node:zlib'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { ByteSource } from './byte-source.js'
import { EntryFeed } from './entry-feed.js'
import { inflate } from './inflate.js'
import {
  DEFLATED,
  DESCRIPTOR_MAX,
  STORED,
  descriptorsAt,
  descriptorsBefore,
  startsRecord,
} from './zip-format.js'
import type { Descriptor, LocalHeader, Sizes } from './zip-format.js'

/** Ends an entry whose content grew too much for what came in. */
export interface InflateBudget {
  /** @throws NocturneError `archive_bomb` */
  spend(growth: {
    readonly added: number
    readonly plain: number
    readonly compressed: number
  }): void
}

/** Neither encrypted nor compressed with anything but deflate. */
export function canRead(header: LocalHeader): boolean {
  return !header.isEncrypted && (header.method === STORED || header.method === DEFLATED)
}

/**
 * One entry, from behind its local header to behind its data or data descriptor. Holds a zlib
 * engine while it is read.
 */
export class ZipEntry {
  readonly #header: LocalHeader
  readonly #feed: EntryFeed
  readonly #budget: InflateBudget
  readonly #content: AsyncGenerator<Buffer, void>
  #actual: Sizes = { crc: 0, compressed: 0, plain: 0 }
  /** What header or descriptor say, once the archive stands behind the entry. */
  #declared: Sizes | undefined
  #failure: Error | undefined

  constructor(header: LocalHeader, source: ByteSource, budget: InflateBudget) {
    const { compressed } = header.sizes
    const isUnknown = header.hasDescriptor && (compressed === 0 || compressed === 0xffffffff)
    this.#header = header
    this.#feed = new EntryFeed(source, isUnknown ? undefined : compressed)
    this.#budget = budget
    this.#content = this.#read()
  }

  /**
   * The content, inflated. Ends only after size and CRC were found right.
   *
   * @throws NocturneError `archive_entry_damaged`, `archive_bomb`, `truncated`: these concern this
   *   entry; or what the archive's own stream failed with
   */
  get bytes(): AsyncIterable<Buffer> {
    return this.#content
  }

  /**
   * Goes to the record after this entry, without inflating where its size is known, whether or not
   * the content was read, and answers what the archive says of it.
   *
   * @throws NocturneError when there is no telling where that is: `truncated`, `archive_malformed`,
   * or what ended the content
   */
  async finish(): Promise<Sizes> {
    if (this.#declared === undefined && this.#feed.size === undefined && canRead(this.#header)) {
      await this.#readOn()
    }
    await this.close()
    if (this.#declared !== undefined) return this.#declared
    if (this.#feed.size === undefined) throw this.#failure ?? new NocturneError('archive_malformed')

    const left = this.#feed.size - this.#feed.consumed
    if ((await this.#feed.source.skip(left)) < left) throw new NocturneError('truncated')
    if (!this.#header.hasDescriptor) return this.#header.sizes
    const found = await this.#descriptor((sizes) => sizes.compressed === this.#feed.size)
    if (found === undefined) throw new NocturneError('archive_malformed')
    this.#feed.source.consume(found.size)
    return found.sizes
  }

  /** Lets go of the engine; the archive stays where it is. */
  async close(): Promise<void> {
    await this.#content.return(undefined)
  }

  async #readOn(): Promise<void> {
    try {
      while ((await this.#content.next()).done !== true);
    } catch {
      // Kept in #failure; it matters only when the end was not found.
    }
  }

  async *#read(): AsyncGenerator<Buffer, void> {
    try {
      const isStored = this.#header.method === STORED
      const chunks = isStored
        ? this.#feed.size === undefined
          ? this.#storedToDescriptor()
          : storedToSize(this.#feed)
        : inflate(this.#feed)
      for await (const chunk of chunks) {
        const plain = this.#actual.plain + chunk.length
        this.#actual = { ...this.#actual, crc: crc32(chunk, this.#actual.crc), plain }
        if (!isStored) {
          this.#budget.spend({ added: chunk.length, plain, compressed: this.#feed.offered })
        }
        yield chunk
      }
      await this.#check(isStored)
    } catch (error) {
      this.#failure = asNocturneError(error, 'archive_malformed')
      throw error
    }
  }

  async #check(isStored: boolean): Promise<void> {
    const actual = { ...this.#actual, compressed: this.#feed.consumed }
    if (!isStored) this.#budget.spend({ ...actual, added: 0 })
    if (this.#feed.size !== undefined && this.#feed.size !== actual.compressed) {
      throw new NocturneError('archive_entry_damaged')
    }
    if (!this.#header.hasDescriptor) this.#declared = this.#header.sizes
    if (this.#declared === undefined) {
      const found =
        (await this.#descriptor((sizes) => isEqual(sizes, actual))) ??
        (await this.#descriptor(() => true))
      if (found === undefined) throw new NocturneError('archive_entry_damaged')
      this.#feed.source.consume(found.size)
      this.#declared = found.sizes
    }
    if (!isEqual(this.#declared, actual)) throw new NocturneError('archive_entry_damaged')
  }

  /**
   * The descriptor that stands here: one that fits, and that a record follows. Not consumed.
   *
   * @throws NocturneError `truncated`, or what the archive's own stream failed with
   */
  async #descriptor(fits: (sizes: Sizes) => boolean): Promise<Descriptor | undefined> {
    const { source } = this.#feed
    const bytes = await source.peek(DESCRIPTOR_MAX + 4)
    // The shortest descriptor and the end of the directory (4.3.16) are together longer than this.
    if (bytes.length < DESCRIPTOR_MAX + 4) {
      throw source.failure === undefined ? new NocturneError('truncated') : source.failure.error
    }
    for (const descriptor of descriptorsAt(bytes, 0)) {
      if (fits(descriptor.sizes) && startsRecord(bytes, descriptor.size)) return descriptor
    }
    return undefined
  }

  /**
   * Stored data of unknown size: it ends before a descriptor that gives exactly the length and CRC
   * of what came so far, and that a record follows. What an archive within holds of its own cannot
   * fit.
   */
  async *#storedToDescriptor(): AsyncGenerator<Buffer, void> {
    const { source } = this.#feed
    for (;;) {
      const least = await source.peek(SCAN_LEAST)
      const first = await source.chunk()
      const window = first !== undefined && first.length > least.length ? first : least
      const end = this.#findDescriptor(window)
      const isLast = least.length < SCAN_LEAST
      // Held back: bytes that may belong to a descriptor and to the first half of the signature
      // after it.
      const passes = end?.data ?? (isLast ? window.length : window.length - DESCRIPTOR_MAX - 3)
      if (passes > 0) {
        const chunk = window.subarray(0, passes)
        this.#feed.consume(passes)
        yield chunk
      }
      if (end !== undefined) {
        source.consume(end.descriptor.size)
        this.#declared = end.descriptor.sizes
        return
      }
      if (isLast) {
        await this.#feed.chunk()
        return
      }
    }
  }

  #findDescriptor(
    window: Buffer,
  ): { readonly data: number; readonly descriptor: Descriptor } | undefined {
    for (let at = window.indexOf('PK'); at >= 0; at = window.indexOf('PK', at + 1)) {
      if (!startsRecord(window, at)) continue
      for (const descriptor of descriptorsBefore(window, at)) {
        const data = at - descriptor.size
        const plain = this.#actual.plain + data
        if (descriptor.sizes.compressed !== plain || descriptor.sizes.plain !== plain) continue
        if (crc32(window.subarray(0, data), this.#actual.crc) === descriptor.sizes.crc) {
          return { data, descriptor }
        }
      }
    }
    return undefined
  }
}

const SCAN_LEAST = 64

async function* storedToSize(feed: EntryFeed): AsyncGenerator<Buffer, void> {
  for (;;) {
    const chunk = await feed.chunk()
    if (chunk === undefined) return
    feed.consume(chunk.length)
    yield chunk
  }
}

function isEqual(a: Sizes, b: Sizes): boolean {
  return a.crc === b.crc && a.compressed === b.compressed && a.plain === b.plain
}
