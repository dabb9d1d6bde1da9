import { NocturneError } from '../lib/errors.js'
import { ByteSource } from './byte-source.js'
import type { ReceiveLimits, ReceivedItem } from './item.js'
import { SYSTEM_FILE_LOOK, isSystemFile } from './system-files.js'
import { unacceptable } from './unacceptable.js'
import { canRead } from './zip-entry.js'
import type { InflateBudget, ZipEntry } from './zip-entry.js'
import type { LocalHeader } from './zip-format.js'
import { zipEntries } from './zip-walk.js'

/** Up to this much content may come out of an archive before any ratio is checked. */
const FREE_GROWTH = 1024 * 1024

/** Counters for one part, including all nested archives in it. */
export class ArchiveTally implements InflateBudget {
  readonly #limits: ReceiveLimits
  readonly #part: ByteSource
  #entries = 0
  #inflated = 0
  #spent = false

  constructor(limits: ReceiveLimits, part: ByteSource) {
    this.#limits = limits
    this.#part = part
  }

  /** The part as a whole has expanded too much, so nothing more is extracted from it. */
  get isSpent(): boolean {
    return this.#spent
  }

  /** The part itself failed, for example on a lost connection; no item is at fault. */
  get isCutOff(): boolean {
    return this.#part.failure !== undefined
  }

  /** @throws NocturneError `too_many_items` */
  enter(): void {
    this.#entries += 1
    if (this.#entries > this.#limits.archiveEntries) throw new NocturneError('too_many_items')
  }

  spend(growth: { added: number; plain: number; compressed: number }): void {
    this.#inflated += growth.added
    const ratio = this.#limits.archiveRatio
    // Nested archives multiply their ratios, so the total is compared with the bytes actually sent.
    if (this.#inflated > FREE_GROWTH && this.#inflated > ratio * this.#part.seen) this.#spent = true
    const isBomb = growth.plain > FREE_GROWTH && growth.plain > ratio * growth.compressed
    if (isBomb || this.#spent) throw new NocturneError('archive_bomb')
  }
}

/** Turns the content of an entry into items, in the same way as the content of a part. */
export type EntryItems = (content: ByteSource, fileName: string) => AsyncIterable<ReceivedItem>

/**
 * Walks a ZIP in byte order. Yields at least one item per entry, one at a time. At the end it
 * yields one more, unacceptable item if the archive could not be followed to its end or its
 * directory does not match the entries seen. Directories and operating system metadata files are
 * skipped without an item.
 *
 * @throws the error of the part when its connection is lost
 */
export async function* walkArchive(
  source: ByteSource,
  tally: ArchiveTally,
  entryItems: EntryItems,
): AsyncGenerator<ReceivedItem, void> {
  let isAnswered = false
  try {
    for await (const { header, entry } of zipEntries(source, tally)) {
      if (tally.isSpent) break
      tally.enter()
      for await (const item of itemsOfEntry(header, entry, entryItems)) {
        isAnswered = true
        yield item
      }
    }
    if (tally.isSpent) throw new NocturneError('archive_bomb')
    if (!isAnswered) yield unacceptable('archive', 'empty_file')
  } catch (error) {
    if (tally.isCutOff || !(error instanceof NocturneError)) throw error
    yield unacceptable('archive', tally.isSpent ? 'archive_bomb' : error.code)
  }
}

async function* itemsOfEntry(
  header: LocalHeader,
  entry: ZipEntry,
  entryItems: EntryItems,
): AsyncGenerator<ReceivedItem, void> {
  if (header.isEncrypted) {
    yield unacceptable('unknown', 'archive_encrypted')
    return
  }
  if (!canRead(header)) {
    yield unacceptable('unknown', 'archive_unsupported')
    return
  }
  const content = new ByteSource(entry.bytes)
  const head = await content.peek(SYSTEM_FILE_LOOK)
  if (content.failure === undefined && isSystemFile(header.name, head)) return
  yield* entryItems(content, header.name)
}
