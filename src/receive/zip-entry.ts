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

/** Aborts an entry whose content expands too much relative to its compressed size. */
export interface InflateBudget {
  /** @throws NocturneError `archive_bomb` */
  spend(growth: {
    readonly added: number
    readonly plain: number
    readonly compressed: number
  }): void
}

/** Whether the entry is unencrypted, and stored or deflated. */
export function canRead(header: LocalHeader): boolean {
  return !header.isEncrypted && (header.method === STORED || header.method === DEFLATED)
}

/**
 * One entry, from the end of its local header to the end of its data or data descriptor. Holds a
 * zlib engine while it is being read.
 */
export class ZipEntry {
  readonly #header: LocalHeader
  readonly #feed: EntryFeed
  readonly #budget: InflateBudget
  readonly #content: AsyncGenerator<Buffer, void>
  #actual: Sizes = { crc: 0, compressed: 0, plain: 0 }
  /**
   * The sizes from the header or descriptor, known once the archive is positioned after the entry.
   */
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
   * The inflated content. It ends normally only after size and CRC were verified.
   *
   * @throws NocturneError `archive_entry_damaged`, `archive_bomb` or `truncated`, which concern
   *   this entry; or the error of the archive's own stream
   */
  get bytes(): AsyncIterable<Buffer> {
    return this.#content
  }

  /**
   * Moves to the record after this entry, whether or not the content was read, and without
   * inflating where the size is known. Returns the sizes that the archive states.
   *
   * @throws NocturneError when the next record cannot be located: `truncated`, `archive_malformed`,
   *   or the error that ended the content
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

  /** Releases the engine; the archive's position does not change. */
  async close(): Promise<void> {
    await this.#content.return(undefined)
  }

  async #readOn(): Promise<void> {
    try {
      while ((await this.#content.next()).done !== true);
    } catch {
      // Recorded in #failure; it matters only if the end was not found.
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
   * Finds a descriptor at this position that satisfies `fits` and is followed by another record.
   * Does not consume it.
   *
   * @throws NocturneError `truncated`, or the error of the archive's own stream
   */
  async #descriptor(fits: (sizes: Sizes) => boolean): Promise<Descriptor | undefined> {
    const { source } = this.#feed
    const bytes = await source.peek(DESCRIPTOR_MAX + 4)
    // Even the shortest descriptor plus the end of the directory (4.3.16) is longer than this.
    if (bytes.length < DESCRIPTOR_MAX + 4) {
      throw source.failure === undefined ? new NocturneError('truncated') : source.failure.error
    }
    for (const descriptor of descriptorsAt(bytes, 0)) {
      if (fits(descriptor.sizes) && startsRecord(bytes, descriptor.size)) return descriptor
    }
    return undefined
  }

  /**
   * Reads stored data of unknown size. It ends before a descriptor that states exactly the length
   * and CRC of the data so far and is followed by another record. Descriptors inside a nested
   * archive cannot match.
   */
  async *#storedToDescriptor(): AsyncGenerator<Buffer, void> {
    const { source } = this.#feed
    for (;;) {
      const least = await source.peek(SCAN_LEAST)
      const first = await source.chunk()
      const window = first !== undefined && first.length > least.length ? first : least
      const end = this.#findDescriptor(window)
      const isLast = least.length < SCAN_LEAST
      // Holds back bytes that may belong to a descriptor and to the first part of the signature
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
