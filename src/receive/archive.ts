import { NocturneError } from '../lib/errors.js'
import { ByteSource } from './byte-source.js'
import type { ReceiveLimits, ReceivedItem } from './item.js'
import { SYSTEM_FILE_LOOK, isSystemFile } from './system-files.js'
import { unacceptable } from './unacceptable.js'
import { ZipEntry, canRead } from './zip-entry.js'
import type { InflateBudget } from './zip-entry.js'
import {
  CENTRAL_HEADER,
  CENTRAL_HEADER_SIZE,
  DIRECTORY_END,
  DIRECTORY_END_64,
  DIRECTORY_END_SIZE,
  EntryBalance,
  LOCAL_HEADER,
  LOCAL_HEADER_SIZE,
  LOCATOR_64,
  centralTailSize,
  localTailSize,
  parseLocalHeader,
} from './zip-format.js'
import type { LocalHeader } from './zip-format.js'

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
  const balance = new EntryBalance()
  let isAnswered = false
  try {
    await skipSplitMarker(source)
    while ((await signatureOf(source)) === LOCAL_HEADER) {
      const header = await readLocalHeader(source)
      tally.enter()
      const entry = new ZipEntry(header, source, tally)
      try {
        for await (const item of itemsOfEntry(header, entry, entryItems)) {
          isAnswered = true
          yield item
        }
        balance.addLocal(header, await entry.finish())
      } finally {
        await entry.close()
      }
      if (tally.isSpent) throw new NocturneError('archive_bomb')
    }
    await readDirectory(source, balance)
    if (!isAnswered) yield unacceptable('archive', 'empty_file')
  } catch (error) {
    if (tally.isCutOff || !(error instanceof NocturneError)) throw error
    yield unacceptable('archive', error.code)
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

async function readLocalHeader(source: ByteSource): Promise<LocalHeader> {
  const { offset } = source
  const fixed = await take(source, LOCAL_HEADER_SIZE)
  const tail = await take(source, localTailSize(fixed))
  return parseLocalHeader(fixed, tail, offset)
}

/** Reads the central directory and what follows it (4.3.12 to 4.3.16), to the last byte. */
async function readDirectory(source: ByteSource, balance: EntryBalance): Promise<void> {
  while ((await signatureOf(source)) === CENTRAL_HEADER) {
    const fixed = await take(source, CENTRAL_HEADER_SIZE)
    balance.takeCentral(fixed, await take(source, centralTailSize(fixed)))
  }
  if ((await signatureOf(source)) === DIRECTORY_END_64) {
    const fixed = await take(source, 12)
    await skip(source, Number(fixed.readBigUInt64LE(4)))
  }
  if ((await signatureOf(source)) === LOCATOR_64) await skip(source, 20)
  if ((await signatureOf(source)) !== DIRECTORY_END) throw new NocturneError('archive_malformed')
  const end = await take(source, DIRECTORY_END_SIZE)
  await skip(source, end.readUInt16LE(20))
  const isOver = (await source.chunk()) === undefined
  if (!isOver || !balance.isEven) throw new NocturneError('archive_malformed')
}

/** Skips the marker of a split archive (APPNOTE 8.5.3 and 8.5.4). */
async function skipSplitMarker(source: ByteSource): Promise<void> {
  const signature = await signatureOf(source)
  if (signature === 0x08074b50 || signature === 0x30304b50) source.consume(4)
}

/**
 * Returns the next four bytes without consuming them.
 * @throws NocturneError `truncated`, or the error of the source
 */
async function signatureOf(source: ByteSource): Promise<number> {
  const bytes = await source.peek(4)
  if (bytes.length < 4) throw cutShort(source)
  return bytes.readUInt32LE(0)
}

async function take(source: ByteSource, count: number): Promise<Buffer> {
  const bytes = await source.read(count)
  if (bytes === undefined) throw cutShort(source)
  return bytes
}

async function skip(source: ByteSource, count: number): Promise<void> {
  if ((await source.skip(count)) < count) throw cutShort(source)
}

function cutShort(source: ByteSource): unknown {
  return source.failure === undefined ? new NocturneError('truncated') : source.failure.error
}
